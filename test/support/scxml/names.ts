/**
 * SCXML's names in XState's: ids that may stand in a path, and event descriptors.
 */

/** An id without what means something in XState's paths. */
export function stateId(id: string): string {
  return id.replaceAll('.', '$')
}

/** XState's type for an event named in SCXML. */
export function eventType(name: string): string {
  return name
    .replace(/^done\.invoke(?=\.|$)/, 'xstate.done.actor')
    .replace(/^done\.state\.(.+)$/, (_, id: string) => `xstate.done.state.${stateId(id)}`)
    .replace(/^done\.state$/, 'xstate.done.state')
}

/** XState's descriptors for SCXML's: `a` matches `a` and everything below it, `a.*` and `a.` say the same. */
export function descriptors(event: string): readonly string[] {
  return event
    .trim()
    .split(/\s+/)
    .map(each => (each === '*' ? each : eventType(each.replace(/\.\*?$/, ''))))
}

/** Whether one SCXML descriptor, in XState's form, covers what another names. */
export function covers(descriptor: string, type: string): boolean {
  return descriptor === '*' || type === descriptor || type.startsWith(`${descriptor}.`)
}
