/** Orders in a world that answers everything well: for a runtime in a process of its own. */
import { PipelineWorld } from '../machines/lifecycles/pipeline-world.js'

const world = new PipelineWorld()
world.answerAll()

export const order = world.definition
