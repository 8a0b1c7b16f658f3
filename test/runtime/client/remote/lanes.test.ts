import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limitsWith } from '../../../../actors/limits.js'
import { Lanes, type Place } from '../../../../runtime/client/remote/lanes.js'

/** Commands of a client that remembers eight: four may be unanswered. */
function crowd(count: number) {
  const lanes = new Lanes(limitsWith({ recentCommandsMax: 8, remoteRequestsMax: 10 }))
  const places: Place[] = []
  const refused: unknown[] = []
  const enter = (address: string) =>
    lanes.enter(address).then(
      place => places.push(place),
      error => refused.push(error),
    )
  for (let n = 0; n < count; n++) void enter('counter/c')
  const settled = () => new Promise(resolve => setImmediate(resolve))
  return { places, refused, enter, settled }
}

test('half as many commands to an actor as it remembers are on their way; the next comes with an answer', async () => {
  const { places, enter, settled } = crowd(6)
  await settled()
  assert.equal(places.length, 4)
  places[2]!.leave()
  await settled()
  assert.equal(places.length, 5)
  void enter('counter/other')
  await settled()
  assert.equal(places.length, 6, 'another actor has places of its own')
})

test('while a command is in doubt none that is newer is sent', async () => {
  const { places, settled } = crowd(10)
  await settled()
  for (const place of places.slice(0, 2)) place.doubt()
  places[2]!.leave()
  places[3]!.leave()
  places[0]!.leave()
  await settled()
  assert.equal(places.length, 4)
  places[1]!.leave()
  await settled()
  assert.equal(places.length, 8)
})

test('more than may wait are refused', async () => {
  const { places, refused, settled } = crowd(15)
  await settled()
  assert.deepEqual([places.length, refused.length], [4, 1])
  assert.equal((refused[0] as { code?: string }).code, 'Overloaded')
})
