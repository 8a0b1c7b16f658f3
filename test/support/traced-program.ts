/**
 * One life of a process that exports its traces: it takes up an order where the one before was killed. Its
 * charge fails at every odd attempt and hangs at every even one, which it says; the fifth succeeds.
 */
import { context, type Span, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { createRuntime } from '../../runtime/index.js'
import { ledger, watchedOrder } from './engine-watched.js'

const [path = '', url = '', life = ''] = process.argv.slice(2)

const provider = new BasicTracerProvider({
  spanProcessors: [
    {
      onStart: (span: Span) => {
        span.setAttribute('test.life', Number(life))
      },
      onEnd: () => {},
      forceFlush: async () => {},
      shutdown: async () => {},
    },
    new SimpleSpanProcessor(new OTLPTraceExporter({ url })),
  ],
})
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
trace.setGlobalTracerProvider(provider)

async function say(what: string): Promise<void> {
  await provider.forceFlush()
  process.stdout.write(`${what}\n`)
}

const order = watchedOrder(async attempt => {
  if (attempt % 2 === 0) {
    await say('hanging')
    await new Promise(() => {})
  }
  if (attempt < 5) throw new Error('the bank is closed')
  return 'paid'
})

const runtime = await createRuntime({ actors: [order, ledger], path, tracing: true })
const handle = runtime.actor(order, 'o-1')
if (life === '1')
  await trace.getTracer('shop').startActiveSpan('checkout', async span => {
    await handle.start(undefined, { id: 'start' })
    span.end()
  })
await handle.waitFor(snapshot => snapshot.matches('packed'))
await runtime.stop()
await say('packed')
