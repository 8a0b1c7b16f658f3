/**
 * Convertible fixtures in which XState does not do what SCXML expects, and why. None of them is among those
 * that XState's own suite runs.
 */
const reasons: Readonly<Record<string, string>> = {
  'SCXML turns a failing expression, an impossible send or an illegal array into error.execution or error.communication; in XState the step fails':
    'error/error w3c-ecma/test152 w3c-ecma/test156 w3c-ecma/test159 w3c-ecma/test194 w3c-ecma/test245 w3c-ecma/test277 w3c-ecma/test286 w3c-ecma/test298 w3c-ecma/test309 w3c-ecma/test311 w3c-ecma/test312 w3c-ecma/test313 w3c-ecma/test314 w3c-ecma/test343 w3c-ecma/test344 w3c-ecma/test376 w3c-ecma/test378 w3c-ecma/test401 w3c-ecma/test402 w3c-ecma/test457 w3c-ecma/test487 w3c-ecma/test488 w3c-ecma/test496 w3c-ecma/test521 w3c-ecma/test528 w3c-ecma/test553 w3c-ecma/test554',
  'events in XState have no sendid, origintype, invokeid or type of their own, and a send no type that is checked':
    'w3c-ecma/test198 w3c-ecma/test199 w3c-ecma/test228 w3c-ecma/test253 w3c-ecma/test330 w3c-ecma/test331 w3c-ecma/test351 w3c-ecma/test352',
  'SCXML binds system variables, keeps them from being assigned and names I/O processors by URL':
    'w3c-ecma/test322 w3c-ecma/test324 w3c-ecma/test326 w3c-ecma/test329 w3c-ecma/test346 w3c-ecma/test500 w3c-ecma/test501',
  'late binding and names that a document script declares: a machine has one context, made at once':
    'w3c-ecma/test280 w3c-ecma/test302 w3c-ecma/test304 w3c-ecma/test307 w3c-ecma/test452',
  'actions see the configuration as it was before the microstep': 'w3c-ecma/test409 w3c-ecma/test411',
  'reenter: false does not leave the source whatever kind of state it is':
    'w3c-ecma/test506 w3c-ecma/test533',
  'a manual test: it ends where it expects somebody to look': 'w3c-ecma/test250',
}

/** Reason by fixture. */
export const differences: ReadonlyMap<string, string> = new Map(
  Object.entries(reasons).flatMap(([reason, names]) => names.split(' ').map(name => [name, reason] as const)),
)
