/**
 * The gateway as a process of its own: HTTP on a free port of this machine, told to whoever forked it.
 *
 *   POST /charges {key, orderId, amount} → {receiptId}     POST /refunds {key} → {refunded}
 *
 * Arguments: the ledger's path; how long an answer takes, in milliseconds.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Charge, Gateway } from './gateway.js'
import { LedgerFile } from './ledger.js'

const bodyBytesMax = 10_000

const [ledgerPath = 'ledger.ndjson', latency = '0'] = process.argv.slice(2)
const latencyMs = Number(latency)
const gateway = new Gateway(new LedgerFile(ledgerPath))

const server = createServer((request, response) => {
  let text = ''
  request.setEncoding('utf8')
  request.on('data', (chunk: string) => {
    text += chunk
    if (text.length > bodyBytesMax) request.destroy()
  })
  request.on('end', () => {
    if (latencyMs === 0) answer(request, text, response)
    else setTimeout(answer, latencyMs, request, text, response)
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))

// The gateway ends with whoever started it.
process.on('disconnect', () => process.exit())

function answer(request: IncomingMessage, text: string, response: ServerResponse): void {
  const { status, body } = met(`${request.method} ${request.url}`, text)
  const bytes = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(bytes),
  })
  response.end(bytes)
}

function met(what: string, text: string): { status: number; body: object } {
  try {
    if (what === 'POST /charges') return gateway.charge(JSON.parse(text) as Charge)
    if (what === 'POST /refunds') {
      const { key } = JSON.parse(text) as { key: string }
      return { status: 200, body: gateway.refund(key) }
    }
    return { status: 404, body: { error: `expected POST /charges or POST /refunds, found ${what}` } }
  } catch (error) {
    return { status: 400, body: { error: String(error) } }
  }
}
