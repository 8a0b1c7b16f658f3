/** A receipt for people. */
import type { ReceiptReply } from '../api/api.js'

export function receiptText({ id, position, durability, duplicate }: ReceiptReply): string {
  const where = durability === 'disk' ? 'on the disk' : 'replicated'
  if (duplicate) return `${id} came before, at position ${position}: nothing was applied again`
  return `${id} is applied and ${where}, at position ${position}`
}
