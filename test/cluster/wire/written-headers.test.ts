import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headers } from '@nats-io/transport-node'
import { namesOf } from '../../../cluster/names.js'
import { commandMessage } from '../../../cluster/wire/command-message.js'
import { WrittenHeaders } from '../../../cluster/wire/written-headers.js'

test('a command with every header reads as the client of NATS would have written it', () => {
  const { headers: fields } = commandMessage(
    {
      kind: 'message',
      commandId: 'größe\r\n# 1',
      target: 'order/o-1/pay',
      event: { type: 'PAY' },
      delayMs: 250,
      trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 vendor=a b',
    },
    namesOf(),
    { replyTo: 'perdure.r.c1.+0-1', repeat: 3 },
  )
  const usual = headers()
  for (const [name, value] of fields) usual.set(name, value)
  assert.equal(fields.length, 8)
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8')
  const encoded = (usual as unknown as { encode(): Uint8Array }).encode()
  assert.equal(text(new WrittenHeaders(fields).encode()), text(encoded))
})
