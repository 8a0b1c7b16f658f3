/** A journal that is another one, but for a few things that it does in its own way. */
import type { Journal } from '../../actors/journal.js'

export function instead(journal: Journal, own: Partial<Journal>): Journal {
  return new Proxy(journal, {
    get(target, name) {
      if (Object.hasOwn(own, name)) return Reflect.get(own, name)
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
