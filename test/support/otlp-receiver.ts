/**
 * A collector of OpenTelemetry traces on the loopback: OTLP over HTTP, as JSON. It keeps every span it is sent.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  /** Empty or absent for a root. */
  readonly parentSpanId?: string
  readonly name: string
  readonly attributes: Readonly<Record<string, string | number | boolean>>
}

interface Attribute {
  readonly key: string
  readonly value: {
    readonly stringValue?: string
    readonly intValue?: number | string
    readonly boolValue?: boolean
  }
}

interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<ReceivedSpan, 'attributes'> & {
        readonly attributes: readonly Attribute[]
      })[]
    }[]
  }[]
}

export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      const take = async () => {
        const body = JSON.parse(await text(request)) as ExportRequest
        const sent = body.resourceSpans.flatMap(one => one.scopeSpans.flatMap(scope => scope.spans))
        for (const span of sent) this.spans.push({ ...span, attributes: plain(span.attributes) })
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
      }
      take().catch(error => response.writeHead(400).end(String(error)))
    })
  }

  static async listen(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver()
    await new Promise<void>(resolve => receiver.#server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/traces`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

function plain(attributes: readonly Attribute[]): ReceivedSpan['attributes'] {
  return Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, boolValue } }) => [
      key,
      stringValue ?? boolValue ?? Number(intValue),
    ]),
  )
}
