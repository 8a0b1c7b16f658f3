/**
 * Expressions of SCXML's ECMAScript data model over a machine's context. The names of the data are the
 * parameters; data that are functions are code, not state, and stand beside the context.
 */

export interface Given {
  readonly context: Readonly<Record<string, unknown>>
  readonly event: { readonly type: string; readonly [field: string]: unknown }
}

const PLAIN = /^[A-Za-z_$][\w$]*$/

export class DataModel {
  readonly #names: readonly string[]
  readonly #functions: Readonly<Record<string, unknown>>
  readonly #system: Readonly<Record<string, unknown>>

  constructor(names: readonly string[], functions: Readonly<Record<string, unknown>>, machineName: string) {
    this.#names = names
    this.#functions = functions
    this.#system = {
      _sessionid: 'session',
      _name: machineName,
      // Its own HTTP address is this session as well.
      _ioprocessors: {
        scxml: { location: '#_scxml_session' },
        basichttp: { location: '#_scxml_session' },
      },
    }
  }

  /** A function that evaluates `source`. `known` are names with a value of their own. */
  expression(
    source: string,
    known: Readonly<Record<string, unknown>> = {},
  ): (given: Given, extra?: Readonly<Record<string, unknown>>) => unknown {
    return (given, extra = {}) => {
      const scope = { ...this.#scope(given), ...known, ...extra }
      return new Function(...Object.keys(scope), `return (${source}\n)`)(...Object.values(scope))
    }
  }

  /** What the data are after `source` has run. */
  script(
    source: string,
  ): (given: Given, extra?: Readonly<Record<string, unknown>>) => Record<string, unknown> {
    return (given, extra = {}) => {
      const scope: Record<string, unknown> = { ...this.#scope(given), ...extra }
      const data = structuredClone({ ...given.context })
      Object.assign(scope, data)
      const names = this.#names.filter(name => !(name in this.#functions))
      const after = `return { ${names.join(', ')} }`
      return new Function(...Object.keys(scope), `${source}\n;${after}`)(...Object.values(scope))
    }
  }

  /** What to do to the context for `location` to have a value. */
  assignment(location: string, value: (given: Given, extra?: Record<string, unknown>) => unknown) {
    if (PLAIN.test(location))
      return (given: Given, extra?: Record<string, unknown>) => ({ [location]: value(given, extra) })
    const script = this.script(`${location} = $value`)
    return (given: Given, extra?: Record<string, unknown>) =>
      script(given, { ...extra, $value: value(given, extra) })
  }

  #scope({ context, event }: Given): Record<string, unknown> {
    const blank = Object.fromEntries(this.#names.map(name => [name, undefined]))
    return { ...this.#system, ...blank, ...context, ...this.#functions, _event: eventOf(event) }
  }
}

/** SCXML's idea of an event. */
function eventOf(event: Given['event']): unknown {
  if (event.type === 'xstate.init') return undefined
  const name = event.type.replace(/^xstate\.done\.actor/, 'done.invoke').replace(/^xstate\./, '')
  return { name, type: 'external', data: event.data ?? event.output }
}
