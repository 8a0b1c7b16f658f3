import { fileURLToPath } from 'node:url'
import Fastify, { type FastifyInstance } from 'fastify'
import { createRuntime, PerdureError } from 'perdure'
import { order, profile } from './order.js'

const statusOf = {
  NotFound: 404,
  IdConflict: 409,
  AlreadyExists: 409,
  InvalidEvent: 400,
  NotHandled: 409,
  Overloaded: 503,
  Timeout: 504,
  StepFailed: 500,
  Unavailable: 503,
} satisfies Record<PerdureError['code'], number>

/** The service with the runtime inside it; closing the one stops the other. */
export async function createService(path: string): Promise<FastifyInstance> {
  const runtime = await createRuntime({ actors: [order, profile], path })
  const app = Fastify()

  app.post<{ Params: { id: string }; Body: { customer: string; amount: number } }>(
    '/orders/:id',
    async (req, reply) => {
      const o = runtime.actor(order, req.params.id)
      const { created, snapshot } = await o.start({ orderId: req.params.id, ...req.body }, idOf(req))
      return reply.code(created ? 201 : 200).send({ state: snapshot.value, seq: snapshot.seq })
    },
  )
  app.post<{ Params: { id: string }; Body: { by: string } }>('/orders/:id/approve', async (req, reply) => {
    const r = await runtime
      .actor(order, req.params.id)
      .ask(
        { type: 'APPROVE', by: req.body.by },
        { ...idOf(req), until: s => s.hasTag('settled'), timeoutMs: 5_000 },
      )
    if (!r.handled)
      return reply.code(409).send({ error: 'not waiting for approval', state: r.snapshot.value })
    return { state: r.snapshot.value, receiptId: r.snapshot.context.receiptId, duplicate: r.duplicate }
  })
  app.get<{ Params: { id: string } }>(
    '/orders/:id',
    async (req, reply) => (await runtime.actor(order, req.params.id).getSnapshot()) ?? reply.code(404).send(),
  )
  app.setErrorHandler((e, _req, reply) =>
    reply
      .code(e instanceof PerdureError ? statusOf[e.code] : 500)
      .send({ error: e instanceof Error ? e.message : String(e) }),
  )
  app.addHook('onClose', () => runtime.stop())
  return app
}

/** A client that may retry says so with a key of its own: the command's id. */
function idOf(req: { headers: Record<string, string | string[] | undefined> }): { id?: string } {
  const key = req.headers['idempotency-key']
  return typeof key === 'string' ? { id: key } : {}
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const app = await createService('./data')
  await app.listen({ port: 3000 })
}
