import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { routes } from '../../../runtime/http/routes.js'
import { HttpWorld } from '../../support/http-world.js'

suite('the OpenAPI document', () => {
  test('is valid, and describes every route that is open, with what runs here', async () => {
    await using world = await HttpWorld.open()
    const { body, headers } = await world.ask('/openapi.json')
    assert.equal(headers.get('content-type'), 'application/json; charset=utf-8')
    const result = await new Validator().validate(structuredClone(body))
    assert.deepEqual(result.errors ?? [], [])
    assert.equal(result.valid, true)
    const paths = body.paths as Record<string, Record<string, { operationId: string }>>
    const described = Object.values(paths).flatMap(path => Object.values(path).map(one => one.operationId))
    const open = routes.filter(route => route.open === 'everywhere').map(route => route.verb)
    assert.deepEqual(described.sort(), [...open].sort())
    const text = JSON.stringify(body)
    assert.match(text, /"enum":\["parcel","strict"\]/)
    assert.match(text, /"enum":\["by","odd","fails"\]/)
  })

  test('points at nothing that is not there', async () => {
    await using world = await HttpWorld.open()
    const { body } = await world.ask('/openapi.json')
    const refs = [...JSON.stringify(body).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)]
    assert.ok(refs.length > 20)
    const components = body.components as Record<string, Record<string, unknown>>
    for (const [, kind, name] of refs) assert.ok(components[kind!]?.[name!] !== undefined, `${kind}/${name}`)
  })

  test('names a field for each that an answer has', async () => {
    await using world = await HttpWorld.open()
    const { body } = await world.ask('/openapi.json')
    const { schemas } = body.components as {
      schemas: Record<string, { properties: object; required: string[] }>
    }
    await world.ask('/actors/strict/s/tell', { body: { type: 'ADD', n: -1 } })
    const [letter] = (await world.ask('/dead-letters')).body.deadLetters as { id: string }[]
    const answers: Record<string, Record<string, unknown>> = {
      describeReply: (await world.ask('/')).body,
      statsReply: (await world.ask('/stats')).body,
      startReply: (await world.ask('/actors/parcel/p/start', { body: { input: { to: 'x' } } })).body,
      askReply: (await world.ask('/actors/strict/s/ask', { body: { type: 'ADD', n: 1 } })).body,
      tellReply: (await world.ask('/actors/parcel/p/tell', { body: { type: 'WEIGH', grams: 1 } })).body,
      terminateReply: (await world.ask('/actors/strict/s/terminate', { body: { reason: 'x' } })).body,
      selectReply: (await world.ask('/actors/parcel/p/select/by')).body,
      getReply: (await world.ask('/actors/strict/s')).body,
      historyReply: (await world.ask('/actors/strict/s/history')).body,
      publishedReply: (await world.ask('/actors/parcel/p/published')).body,
      listReply: (await world.ask('/actors')).body,
      countReply: (await world.ask('/actors/count')).body,
      deadLettersReply: (await world.ask('/dead-letters')).body,
      deadLetterReply: (await world.ask(`/dead-letters/${letter!.id}`)).body,
      dropDeadLetterReply: (await world.ask(`/dead-letters/${letter!.id}/drop`, { method: 'POST' })).body,
      Failure: (await world.ask('/nowhere')).body,
    }
    const check = (name: string, answer: object) => {
      const { properties, required = [] } = schemas[name]!
      const found = Object.keys(answer)
      assert.deepEqual(
        [name, found.filter(field => !(field in properties)), required.filter(field => !(field in answer))],
        [name, [], []],
      )
    }
    for (const [name, answer] of Object.entries(answers)) {
      assert.equal(answer.ok, name !== 'Failure', name)
      check(name, answer)
    }
    check('ActorView', answers.getReply!.actor as object)
    check('Entry', (answers.historyReply!.entries as object[])[0]!)
    check('PublishedView', (answers.publishedReply!.events as object[])[0]!)
    check('ListedView', (answers.listReply!.actors as object[])[0]!)
    check('DeadLetterView', answers.deadLetterReply!.deadLetter as object)
    check('TypeView', (answers.describeReply!.types as object[])[0]!)
  })
})
