/**
 * Ways to break the runtime's promises from outside of it, each as a journal that does not do what it says.
 * A simulation that does not notice one of them is blind.
 */
import type { Commit, InboxPosition } from '../../actors/commit.js'
import type { Journal } from '../../actors/journal.js'
import type { ActorRecord } from '../../actors/record.js'
import { instead } from './instead.js'
import type { Kind } from './kinds.js'

export interface Sabotage {
  readonly name: string
  /** Where it shows: a place in a stream is nothing to a runtime on a disk. Absent: there. */
  readonly in?: Kind
  /** Puts itself between the runtime and its journal. */
  journal?(journal: Journal): Journal
  /** What a member's commits are changed to on their way to the log of a cluster; for each shard a process owns anew. */
  committing?(): (commit: Commit) => Commit
  /** The disk loses what it said was synced. */
  readonly diskLies?: boolean
}

export const sabotages: readonly Sabotage[] = [
  {
    name: 'commits that are answered before they are durable',
    journal: journal => {
      let last = Promise.resolve()
      return instead(journal, {
        append: commit => {
          last = last.then(() => journal.append(commit))
          last.catch(() => {})
          return Promise.resolve()
        },
      })
    },
  },
  { name: 'a disk that loses what was synced', diskLies: true },
  { name: 'pending commands lost', journal: journal => instead(journal, { pending: () => [] }) },
  { name: 'losses forgotten', journal: journal => instead(journal, { losses: () => [] }) },
  { name: 'command ids forgotten', journal: journal => reading(journal, () => ({ recent: [] })) },
  { name: 'epochs counted anew', journal: journal => reading(journal, () => ({ epoch: 0 })) },
  {
    name: 'work that is not owed any more',
    journal: journal => instead(journal, { owing: () => ({ next: () => [] }) }),
  },
  {
    name: 'a beginning forgotten of what runs once',
    journal: journal =>
      reading(journal, record => ({
        invocations: record.invocations.map(one => ({
          ...one,
          tasks: one.tasks.map(task => (task.state === 'started' ? { ...task, state: 'ready' } : task)),
        })),
      })),
  },
  {
    name: 'timers that are due early',
    journal: journal =>
      reading(journal, record => ({
        timers: record.timers.map(timer => ({ ...timer, dueAt: timer.dueAt - 100 })),
      })),
  },
  { name: 'timers that are never due', journal: journal => instead(journal, { due: () => [] }) },
  {
    name: 'a record left out of its commit',
    journal: journal => committing(journal, commit => ({ ...commit, records: commit.records.slice(1) })),
  },
  {
    name: 'published events lost',
    journal: journal => committing(journal, commit => ({ ...commit, published: [] })),
  },
  {
    name: 'published events doubled',
    journal: journal =>
      committing(journal, commit => ({ ...commit, published: [...commit.published, ...commit.published] })),
  },
  {
    name: 'dead letters that come back',
    journal: journal => committing(journal, commit => ({ ...commit, settledLetters: [] })),
  },
  {
    name: 'sent commands sent twice',
    journal: journal => instead(journal, { pending: () => journal.pending().flatMap(one => [one, one]) }),
  },
  {
    name: 'places of inboxes named a second time, when something is stepped of what was read long before',
    in: 'cluster',
    committing: () => {
      let before: readonly InboxPosition[] = []
      let last: readonly InboxPosition[] = []
      return commit => {
        if (commit.taken === undefined)
          return before.length > 0 && commit.entries.length > 0 ? { ...commit, taken: before } : commit
        before = last
        last = commit.taken
        return commit
      }
    },
  },
  {
    name: 'places of inboxes forgotten',
    in: 'cluster',
    committing: () => commit => ({ ...commit, taken: [] }),
  },
  {
    name: 'what is sent to other shards lost',
    in: 'cluster',
    committing:
      () =>
      ({ sent: _, ...commit }) =>
        commit,
  },
  {
    name: 'what is sent to other shards sent twice',
    in: 'cluster',
    committing: () => commit =>
      commit.sent ? { ...commit, sent: commit.sent.flatMap(one => [one, one]) } : commit,
  },
  {
    name: 'actors read as they were before',
    journal: journal =>
      instead(journal, {
        read: address => {
          const now = journal.read(address)
          const before = now && journal.recordAt(address, now.record.seq - 1)
          return before === undefined ? now : { record: before }
        },
      }),
  },
]

function reading(journal: Journal, change: (record: ActorRecord) => Partial<ActorRecord>): Journal {
  return instead(journal, {
    read: address => {
      const stored = journal.read(address)
      return stored && { ...stored, record: { ...stored.record, ...change(stored.record) } }
    },
  })
}

function committing(journal: Journal, change: (commit: Commit) => Commit): Journal {
  return instead(journal, { append: commit => journal.append(change(commit)) })
}
