/**
 * The gateway as a process of its own: HTTP on a free port of this machine, told to whoever forked it.
 *
 *   POST /charges {key, orderId, amount} → {receiptId}     POST /refunds {key, amount} → {refunded}
 *   POST /faults {timeout: 0.3, …} → the faults as they are from now on
 *
 * Arguments: the ledger's path; its faults (faults.ts).
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { toErrorValue } from '../../../actors/codec.js'
import { fateOf } from './fate.js'
import { answerMsMax, faultsWith, noFaults, parseFaults } from './faults.js'
import { type Charge, Gateway, type GatewayAnswer, type Refund } from './gateway.js'
import { LedgerFile } from './ledger.js'

const bodyBytesMax = 10_000

const [ledgerPath = 'ledger.ndjson', written = ''] = process.argv.slice(2)
const gateway = new Gateway(new LedgerFile(ledgerPath))
let faults = faultsWith(noFaults, parseFaults(written))
/** How often each key was met, by request. */
const met = new Map<string, number>()

const server = createServer((request, response) => {
  let text = ''
  request.setEncoding('utf8')
  request.on('data', (chunk: string) => {
    text += chunk
    if (text.length > bodyBytesMax) request.destroy()
  })
  request.on('end', () => {
    serve(request, text, response).catch(error =>
      send(response, { status: 400, body: { error: toErrorValue(error).message } }),
    )
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))

// The gateway ends with whoever started it.
process.on('disconnect', () => process.exit())

async function serve(
  { method, url }: IncomingMessage,
  text: string,
  response: ServerResponse,
): Promise<void> {
  const what = `${method} ${url}`
  if (what === 'POST /charges') await meet('charge', JSON.parse(text) as Charge, response)
  else if (what === 'POST /refunds') await meet('refund', JSON.parse(text) as Refund, response)
  else if (what === 'POST /faults') {
    faults = faultsWith(faults, JSON.parse(text) as Record<string, unknown>)
    send(response, { status: 200, body: faults })
  } else {
    const error = `expected POST /charges, /refunds or /faults, found ${what}`
    send(response, { status: 404, body: { error } })
  }
}

async function meet(
  request: 'charge' | 'refund',
  body: Charge | Refund,
  response: ServerResponse,
): Promise<void> {
  const about = `${request} ${body.key}`
  const nth = (met.get(about) ?? 0) + 1
  met.set(about, nth)
  const { moves, answer, afterMs } = fateOf(faults, request, body.key, nth)
  if (afterMs > 0) await delay(afterMs)
  const said = !moves
    ? gateway.turnAway(request, body, answer)
    : 'orderId' in body
      ? gateway.charge(body, answer)
      : gateway.refund(body, answer)
  if (answer === 'dropped') response.destroy()
  else if (answer === 'late') setTimeout(send, 1.5 * answerMsMax(faults), response, said)
  else if (answer !== 'never') send(response, said)
}

function send(response: ServerResponse, { status, body }: GatewayAnswer): void {
  if (response.destroyed) return
  const bytes = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(bytes),
  })
  response.end(bytes)
}
