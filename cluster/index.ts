/** The room's face: all that the runtime may import from here. */
export { type Away, awayFor } from './away.js'
export { ClusterClient } from './client/cluster-client.js'
export {
  type ClusterConnection,
  type ClusterOptions,
  clusterOptionsOf,
  connectCluster,
} from './connection.js'
export type { StoredImage } from './images/image-manifest.js'
export { ImageDamagedError, ImageStore } from './images/image-store.js'
export { type LogFloor, LogFloors } from './images/log-floor.js'
export { SentRetention } from './images/sent-retention.js'
export { CommandsRetention } from './inbox/commands-retention.js'
export { commandsAnew, takenAnew } from './inbox/place.js'
export { StreamInbox } from './inbox/stream-inbox.js'
export type { CommitForm } from './log/commit-form.js'
export { ClusterCommitLog } from './log/commit-log.js'
export { followCommits } from './log/commit-reader.js'
export { sendLate } from './log/late-results.js'
export { type LostTail, LostTails } from './log/lost-tails.js'
export { type LogSurvey, surveyLog } from './log/survey-log.js'
export { verifyPosition } from './log/verify-position.js'
export type { MemberView } from './members/member-view.js'
export { Membership } from './members/membership.js'
export type { ClusterObserver, Flight } from './observer.js'
export { type Answerer, type PublicAnswer, PublicService } from './service/public-service.js'
export { type PublicMessage, type PublicRequest, readRequest } from './service/read-request.js'
export { shardOf } from './shard-of.js'
export { type ClusterGround, type ClusterShape, prepareStreams } from './streams/setup.js'
export { type ImageRow, readImages } from './view/read-images.js'
export {
  readServer,
  readStreams,
  readTail,
  type ServerRow,
  type StreamRow,
} from './view/read-streams.js'
export { type ClusterTables, type MemberRow, readTables, type ShardRow } from './view/read-tables.js'
export { packFrame, readFrame } from './wire/state-frame.js'
