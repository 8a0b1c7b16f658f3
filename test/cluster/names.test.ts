/** What everything is called in NATS. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressOf, childAddress } from '../../actors/address.js'
import { SetupError } from '../../actors/errors.js'
import { journalSubject, namesOf } from '../../cluster/names.js'

test('the name of the cluster is the prefix of everything', () => {
  const names = namesOf('shop-2')
  assert.deepEqual(
    [
      names.commandsStream,
      names.journalStream,
      names.eventsStream,
      names.imagesStream,
      names.membersBucket,
      names.shardsBucket,
    ],
    [
      'SHOP-2_COMMANDS',
      'SHOP-2_JOURNAL',
      'SHOP-2_EVENTS',
      'SHOP-2_IMAGES',
      'shop-2_members',
      'shop-2_shards',
    ],
  )
  assert.equal(names.command('order/o-1'), 'shop-2.cmd.order.o-1')
  assert.equal(namesOf().commit(1, 63), 'perdure.j.1.63.commit')
})

test('a child is spoken to, and heard, under its root', () => {
  const names = namesOf()
  const child = childAddress(addressOf('order', 'ö 1'), 'pay')
  assert.equal(names.command(child), 'perdure.cmd.order.%C3%B6%201')
  assert.equal(names.event(child, 'a.b'), 'perdure.event.order.%C3%B6%201.a%2Eb')
  assert.equal(names.request('ask', child), 'perdure.ask.order.%C3%B6%201')
})

test('an event of any type is one token', () => {
  const names = namesOf()
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), type => {
      const tokens = names.published(1, 2, 'order/o-1', type).split('.')
      assert.equal(tokens.length, 8)
      assert.match(tokens[7]!, /^[^\s*>]{1,256}$/)
    }),
  )
  const long = (end: string): string => names.event('a/b', 'x'.repeat(300) + end)
  assert.notEqual(long('1'), long('2'))
})

test('a subject of the log is taken apart, any other is none', () => {
  const names = namesOf()
  assert.deepEqual(journalSubject(names.commit(3, 12)), { incarnation: 3, shard: 12, kind: 'commit' })
  assert.deepEqual(journalSubject(names.sent(3, 12, 7)), { incarnation: 3, shard: 12, kind: 'send' })
  for (const subject of [names.command('a/b'), 'perdure.j.x.1.commit', 'perdure.j', ''])
    assert.equal(journalSubject(subject), undefined)
})

test('a name that cannot be one is refused', () => {
  for (const name of ['', 'Shop', 'a.b', 'a b', '1a', 'a'.repeat(33)])
    assert.throws(
      () => namesOf(name),
      (error: unknown) => {
        assert.ok(error instanceof SetupError)
        return error.message.includes(`found '${name}'`)
      },
    )
})
