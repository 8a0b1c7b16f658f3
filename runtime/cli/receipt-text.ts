/** A receipt for people. */
import type { ReceiptReply } from '../api/api.js'

/** @param unhandled why it changed nothing, if it did not. */
export function receiptText(
  { id, position, durability, duplicate }: ReceiptReply,
  unhandled?: string,
): string {
  const where = durability === 'disk' ? 'on the disk' : 'replicated'
  if (unhandled !== undefined)
    return `${id} ${duplicate ? 'came before' : `is ${where}`}, at position ${position}, and changed nothing: ${unhandled}`
  if (duplicate) return `${id} came before, at position ${position}: nothing was applied again`
  return `${id} is applied and ${where}, at position ${position}`
}
