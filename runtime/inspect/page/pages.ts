/**
 * The pages of the inspector's server, whole in themselves: nothing is fetched from elsewhere, but for Stately's
 * own inspector in its frame.
 */
import { createHash } from 'node:crypto'
import { script } from './script.js'
import { style } from './style.js'

export interface Page {
  readonly html: string
  /** Its content security policy. */
  readonly policy: string
}

const STATELY = 'https://stately.ai'

/** Hands what the WebSocket says to Stately's inspector, once that says it is there. */
const bridge = `
'use strict'
const frame = document.getElementById('inspector')
let waiting = []
const hand = message => frame.contentWindow.postMessage(message, '${STATELY}')
addEventListener('message', ({ source, origin, data }) => {
  if (source !== frame.contentWindow || origin !== '${STATELY}' || data?.type !== '@statelyai.connected') return
  for (const message of waiting ?? []) hand(message)
  waiting = undefined
})
new WebSocket(location.origin.replace(/^http/, 'ws')).onmessage = ({ data }) => {
  const message = JSON.parse(data)
  if (waiting) waiting.push(message)
  else hand(message)
}
`

export const pages: ReadonlyMap<string, Page> = new Map([
  [
    '/',
    pageOf(
      'Perdure inspector',
      style,
      `<header><b>Perdure inspector</b><a href="/stately">open in Stately's inspector</a>` +
        `<span class="state"><span id="light" class="dot"></span><span id="connection">connecting</span></span></header>` +
        `<nav><h2>Actors</h2><div id="actors"></div></nav><main id="chart"><p class="empty">No actor to show yet.</p></main>` +
        `<aside><h2>Now</h2><pre id="context"></pre><h2>Events</h2><div id="log"></div></aside>`,
      script,
    ),
  ],
  [
    '/stately',
    pageOf(
      'Stately inspector',
      'html, body, iframe { margin: 0; border: 0; width: 100%; height: 100% } body { overflow: hidden }',
      `<iframe id="inspector" src="${STATELY}/inspect" title="Stately inspector"></iframe>`,
      bridge,
    ),
  ],
])

function pageOf(title: string, css: string, body: string, code: string): Page {
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  return {
    html:
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>` +
      `<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">` +
      `<style>${css}</style></head><body>${body}<script>${code}</script></body></html>`,
    policy:
      `default-src 'none'; script-src ${hash(code)}; style-src ${hash(css)} 'unsafe-inline'; ` +
      `connect-src 'self' ws:; img-src data:; frame-src ${STATELY}; base-uri 'none'; frame-ancestors 'none'`,
  }
}
