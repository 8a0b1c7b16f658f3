import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import Fastify from 'fastify'
import { ask, codeOf, HttpWorld } from '../../support/http-world.js'

const P = '/actors/parcel/p-1'

suite('the HTTP door, mounted', () => {
  test('under a prefix of fastify, behind its authentication', async () => {
    await using world = await HttpWorld.open()
    const app = Fastify()
    app.register(async scope => {
      scope.addHook('onRequest', async (request, reply) => {
        if (request.headers.authorization !== 'Bearer x')
          return reply.code(401).send({ error: 'who are you?' })
      })
      // The body is the handler's to read.
      scope.removeAllContentTypeParsers()
      scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
      scope.all('/perdure*', (request, reply) => {
        reply.hijack()
        request.raw.url = request.raw.url!.slice('/perdure'.length)
        world.rt.handler(request.raw, reply.raw)
      })
    })
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    try {
      const headers = { authorization: 'Bearer x' }
      const born = await ask(`${url}/perdure${P}/start`, { body: { input: { to: 'Ann' } }, headers })
      assert.equal(born.status, 201)
      assert.equal((await ask(`${url}/perdure`, { headers })).body.mode, 'live')
      assert.equal((await ask(`${url}/perdure/actors?type=parcel`, { headers })).status, 200)
      assert.equal((await ask(`${url}/perdure${P}`)).status, 401)
      assert.equal(codeOf(await ask(`${url}/perdure/nowhere`, { headers })), 'NotFound')
    } finally {
      await app.close()
    }
  })

  test('where the router takes the prefix off, and has read the body already', async () => {
    await using world = await HttpWorld.open({}, handler => async (request, response) => {
      request.url = request.url!.replace(/^\/api/, '')
      const chunks: Uint8Array[] = []
      for await (const chunk of request) chunks.push(chunk as Uint8Array)
      if (chunks.length > 0)
        Object.assign(request, { body: JSON.parse(Buffer.concat(chunks).toString()) as unknown })
      handler(request, response)
    })
    const born = await world.ask(`/api${P}/start`, { body: { input: { to: 'Ann' } } })
    assert.equal(born.status, 201)
    const { body } = await world.ask(`/api${P}/ask`, { body: { type: 'WEIGH', grams: 3 } })
    assert.deepEqual((body.snapshot as { context: { grams: unknown } }).context.grams, [3])
  })
})
