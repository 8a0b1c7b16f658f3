/**
 * What the floor of the cluster bench sends in place of orders: the messages of an order's life by their number and
 * size, as a server counted them in a run of the bench (`/connz`, `/jsz`). Nobody makes or reads what is in them.
 */
import { headers, type MsgHdrs } from '@nats-io/transport-node'
import { commandsPerOrder } from '../order-machine.js'

/** Of one order from outside: its start, and its end. */
const MESSAGES_PER_ORDER = 2
/** Of those that come to be of one of them. */
export const COMMANDS_PER_MESSAGE = commandsPerOrder / MESSAGES_PER_ORDER
/** Of a commit, for each message from outside that is in it. */
export const COMMIT_BYTES_PER_MESSAGE = 565 * COMMANDS_PER_MESSAGE
/** Of the answer and the states that are told for one of them. */
const ANSWER_BYTES = 690
/** Of the question to follow an order, and of its end. */
export const FOLLOW_BYTES = 60
export const UNFOLLOW_BYTES = 50

const COMMAND_BODY = new Uint8Array(40).fill(0x20)
/** As long as those that are minted. */
const ID = '00000000-0000-4000-8000-000000000000'

export const ANSWERS = `perdure.r.${ID}`

export interface FloorCommand {
  readonly subject: string
  readonly headers: MsgHdrs
  readonly body: Uint8Array
}

/** @param verb what tells the messages of one order apart. */
export function floorCommand(order: number, verb: string): FloorCommand {
  const head = headers()
  head.set('Nats-Msg-Id', `order/o-${order}/${ID}#${verb}`)
  head.set('Perdure-Command-Id', ID)
  head.set('Perdure-Reply', `${ANSWERS}.+0000`)
  head.set('content-type', 'application/msgpack')
  return { subject: `perdure.cmd.order.o-${order}`, headers: head, body: COMMAND_BODY }
}

/** Whose message it is, by the subject it is stored under. */
export function orderOfSubject(subject: string): number {
  return Number(subject.slice(subject.lastIndexOf('-') + 1))
}

/** Answers for orders as one message. */
export function floorAnswers(orders: readonly number[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(orders.length * ANSWER_BYTES)
  for (const [index, order] of orders.entries()) bytes.writeUInt32LE(order, index * ANSWER_BYTES)
  return bytes
}

export function ordersAnswered(answers: Uint8Array): number[] {
  const bytes = Buffer.from(answers.buffer, answers.byteOffset, answers.length)
  return Array.from({ length: bytes.length / ANSWER_BYTES }, (_, at) => bytes.readUInt32LE(at * ANSWER_BYTES))
}
