/**
 * What the page does in a browser: listens to the inspector's WebSocket and draws what it hears. All text from
 * actors enters the page as text, never as markup.
 */
export const script = String.raw`
'use strict'
const ROWS_MAX = 500
const actors = new Map()
const at = id => document.getElementById(id)
let chosen = decodeURIComponent(location.hash.slice(1))
let drawing = false
let shownPlace = ''

function element(tag, className, ...children) {
  const made = document.createElement(tag)
  if (className) made.className = className
  made.append(...children)
  return made
}

function listOf(value) {
  return value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]
}

/** Every state a value is in, as paths. */
function pathsOf(value, above = '') {
  if (typeof value === 'string') return [above + value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, below]) => [above + key, ...pathsOf(below, above + key + '.')])
}

/** Where a value ends: each innermost state with the one around it. */
function shortValue(value) {
  const paths = pathsOf(value)
  const ends = paths.filter(path => !paths.some(other => other.startsWith(path + '.')))
  return ends.map(path => path.split('.').slice(-2).join('.')).join(' · ')
}

/** An event in a word or two; XState's own are long. */
function titleOf({ type }) {
  const known = [[/^xstate\.done\.actor\./, 'done'], [/^xstate\.error\.actor\./, 'failed'], [/^xstate\.after\./, 'time is up'],
    [/^xstate\.init$/, 'born'], [/^xstate\.stop$/, 'stopped'], [/^\$attempt$/, 'tried'], [/^\$missed$/, 'some were missed'],
    [/^\$elsewhere$/, 'lives elsewhere now']]
  return known.find(([pattern]) => pattern.test(type))?.[1] ?? type
}

function actorOf(id, rootId) {
  let actor = actors.get(id)
  if (!actor) {
    actor = { id, rootId, name: id, been: new Set(), rows: [], snapshot: {}, seen: 0 }
    actors.set(id, actor)
  }
  return actor
}

function hear(message) {
  const { type, sessionId, rootId } = message
  if (typeof type !== 'string' || !type.startsWith('@xstate.')) return
  const actor = actorOf(sessionId, rootId)
  if (type === '@xstate.actor') {
    Object.assign(actor, { name: message.name ?? sessionId, parentId: message.parentId, rootId: rootId ?? sessionId })
    actor.kind = message.perdure?.kind ?? 'actor'
    if (message.definition !== actor.definitionText) {
      actor.definitionText = message.definition
      actor.definition = message.definition ? JSON.parse(message.definition) : undefined
    }
    if (message.perdure?.missed) note(actor, { type: '$missed', messages: message.perdure.missed }, message)
  }
  if (type === '@xstate.event') note(actor, message.event, message)
  if (type === '@xstate.snapshot') {
    const rows = family(actor).rows
    const row = rows.findLast(one => one.session === sessionId)
    if (message.event?.type === '$attempt') note(actor, message.event, message)
    else if (row && row.seq === message.perdure?.seq) row.value = shortValue(message.snapshot.value)
  }
  if (message.snapshot) {
    actor.snapshot = message.snapshot
    actor.isElsewhere = message.event?.type === '$elsewhere'
    for (const path of pathsOf(message.snapshot.value)) actor.been.add(path)
  }
  if (!actors.has(chosen) || !chosen) choose(actor.rootId ?? sessionId)
  drawSoon()
}

/** Events of an actor and all below it are one story. */
function family(actor) {
  return actors.get(actor.rootId) ?? actor
}

function note(actor, event, message) {
  const { rows } = family(actor)
  const { seq, past, outcome, error } = message.perdure ?? {}
  rows.push({ session: actor.id, event, seq, past, outcome, error, source: message.sourceId, at: Number(message.createdAt) })
  if (rows.length > ROWS_MAX) rows.shift()
}

function choose(id) {
  chosen = id
  history.replaceState(null, '', '#' + encodeURIComponent(id))
  drawSoon()
}

function drawSoon() {
  if (drawing) return
  drawing = true
  requestAnimationFrame(() => {
    drawing = false
    draw()
  })
}

function draw() {
  drawActors()
  const actor = actors.get(chosen)
  if (!actor) return
  const { status, value, context, output, error } = actor.snapshot
  const shown = { status, output, error, context }
  at('context').textContent = JSON.stringify(shown, null, 2)
  const states = actor.definition?.states
  at('chart').replaceChildren(
    states ? drawState(actor, actor.definition, actor.name, '', new Set(pathsOf(value)))
      : element('p', 'empty', actor.kind === 'activity' ? 'Work in the outside world has no states.' : 'This actor has no states.'),
  )
  drawLog(actor)
  const place = chosen + JSON.stringify(value)
  if (place !== shownPlace) at('chart').querySelector('.here.leaf')?.scrollIntoView({ block: 'nearest' })
  shownPlace = place
}

function drawActors() {
  const list = at('actors')
  const rows = []
  const add = (actor, depth) => {
    const button = element('button', actor.id === chosen ? 'chosen' : '',
      element('span', 'dot ' + (actor.isElsewhere ? '' : actor.snapshot.status ?? '')), depth ? actor.name.split('/').at(-1) : actor.name)
    const state = shortValue(actor.snapshot.value)
    if (state) button.append(element('small', '', state))
    button.style.paddingLeft = 0.5 + depth * 0.9 + 'rem'
    button.title = actor.id
    button.onclick = () => choose(actor.id)
    rows.push(button)
    const below = [...actors.values()].filter(one => one.parentId === actor.id)
    // Of work that is over, the newest few say enough.
    const over = below.filter(one => one.kind === 'activity' && one.snapshot.status !== 'active')
    for (const one of below) if (!over.includes(one) || over.indexOf(one) >= over.length - 6) add(one, depth + 1)
  }
  for (const actor of actors.values()) if (!actors.has(actor.parentId)) add(actor, 0)
  list.replaceChildren(...(rows.length ? rows : [element('p', 'empty', 'No actor to show yet.')]))
}

function drawState(actor, config, key, path, here) {
  const children = Object.entries(config.states ?? {})
  const kind = config.type ?? (children.length ? 'compound' : 'atomic')
  const isRoot = path === ''
  const classes = ['box', kind, children.length ? '' : 'leaf']
  if (here.has(path) || (isRoot && actor.snapshot.status === 'active')) classes.push('here')
  else if (actor.been.has(path)) classes.push('been')
  const name = element('div', 'name', key)
  if (kind === 'parallel' || kind === 'history') name.append(element('span', 'kind', kind))
  for (const tag of listOf(config.tags)) name.append(element('span', 'tag', tag))
  const box = element('div', classes.join(' '), name)
  const does = doingsOf(config)
  if (does.length) box.append(element('ul', 'does', ...does))
  if (children.length)
    box.append(element('div', 'inner', ...children.map(([child, below]) =>
      drawState(actor, below, child, isRoot ? child : path + '.' + child, here))))
  return box
}

/** What a state reacts to and runs, a line each. */
function doingsOf(config) {
  const lines = []
  const stays = []
  const add = (trigger, given) => {
    for (const one of listOf(given)) {
      const transition = typeof one === 'string' ? { target: one } : one
      const targets = listOf(transition.target)
      if (!targets.length) {
        if (!stays.includes(trigger)) stays.push(trigger)
        continue
      }
      const guard = typeof transition.guard === 'object' ? transition.guard.type : transition.guard
      const line = element('li', '', trigger ? trigger + ' ' : '')
      if (guard) line.append(element('span', 'guard', '[' + guard + '] '))
      line.append('→ ', element('i', '', targets.map(target => target.split('.').at(-1).replace('#', '')).join(', ')))
      lines.push(line)
    }
  }
  for (const invoke of listOf(config.invoke)) {
    lines.push(element('li', '', 'runs ', element('i', '', invoke.src)))
    add('done', invoke.onDone)
    add('fails', invoke.onError)
  }
  add('', config.always)
  for (const [event, given] of Object.entries(config.on ?? {})) add(event, given)
  for (const [delay, given] of Object.entries(config.after ?? {})) add('after ' + (Number(delay) >= 0 ? delay + ' ms' : delay), given)
  add('all done', config.onDone)
  if (stays.length) lines.push(element('li', '', 'hears ', element('i', '', stays.filter(Boolean).join(', '))))
  return lines
}

function drawLog(actor) {
  const log = at('log')
  const { rows } = family(actor)
  const mine = actor === family(actor) ? rows : rows.filter(row => row.session === actor.id || row.source === actor.id)
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40
  const open = new Set([...log.querySelectorAll('details[open]')].map(one => one.dataset.key))
  log.replaceChildren(...mine.map(row => {
    const key = row.session + row.seq + row.event.type
    const summary = element('summary', '',
      element('time', '', new Date(row.at).toISOString().slice(11, 19)), element('b', row.outcome === 'failed' ? 'bad' : '', titleOf(row.event)),
      element('span', 'seq', row.seq === undefined ? '' : '#' + row.seq))
    const parts = [row.source && row.source !== row.session ? 'from ' + nameOf(row.source) : '',
      row.session === actor.id ? '' : 'to ' + nameOf(row.session), row.value ? '→ ' + row.value : '',
      row.outcome === 'unhandled' ? 'not handled' : row.outcome === 'held' ? 'held' : '', row.error ? row.error.message : '']
    const said = parts.filter(Boolean).join('  ')
    summary.title = row.event.type
    if (said) summary.append(element('span', 'from' + (row.error ? ' bad' : ''), said))
    const details = element('details', row.past ? 'past' : '', summary, element('pre', '', JSON.stringify(row.event, null, 2)))
    details.dataset.key = key
    details.open = open.has(key)
    return details
  }))
  if (isAtEnd) log.scrollTop = log.scrollHeight
}

function nameOf(session) {
  const actor = actors.get(session)
  return actor?.kind === 'activity' ? actor.name : session
}

function connect() {
  const socket = new WebSocket(location.origin.replace(/^http/, 'ws'))
  const say = (text, status) => {
    at('connection').textContent = text
    at('light').className = 'dot ' + status
  }
  socket.onopen = () => {
    actors.clear()
    say('live', 'active')
  }
  socket.onmessage = ({ data }) => hear(JSON.parse(data))
  socket.onclose = ({ reason }) => {
    say(reason || 'the runtime is away', 'error')
    setTimeout(connect, 2000)
  }
}

connect()
drawSoon()
`
