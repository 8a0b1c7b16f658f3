/** How the page looks, in light and in dark. */
export const style = `
:root { color-scheme: light dark;
  --paper: light-dark(#f7f7f5, #16181c); --card: light-dark(#fff, #1e2126); --line: light-dark(#d9d9d4, #353a42);
  --ink: light-dark(#22252a, #e4e6ea); --soft: light-dark(#6b7078, #9298a3); --here: light-dark(#1668d6, #5aa2ff);
  --here-back: light-dark(#e4efff, #1b3050); --been: light-dark(#eef4ec, #1f2a22); --been-line: light-dark(#a9c8a0, #46654a);
  --good: light-dark(#23803c, #6ccb84); --bad: light-dark(#c0322b, #ff8078) }
* { box-sizing: border-box }
body { margin: 0; height: 100vh; display: grid; grid-template: auto 1fr / 15rem 1fr 25rem; background: var(--paper);
  color: var(--ink); font: 13px/1.45 system-ui, sans-serif }
header { grid-column: 1 / -1; display: flex; gap: .8rem; align-items: baseline; padding: .55rem 1rem;
  border-bottom: 1px solid var(--line); background: var(--card) }
header b { font-size: 1.05rem } header .state { margin-left: auto; color: var(--soft) } header a { color: var(--here) }
nav, main, aside { overflow: auto; padding: .8rem; min-height: 0 }
nav { border-right: 1px solid var(--line) } aside { border-left: 1px solid var(--line); display: flex; flex-direction: column;
  gap: .6rem; overflow: hidden }
h2 { font-size: .72rem; text-transform: uppercase; letter-spacing: .06em; color: var(--soft); margin: 0 }
nav button { display: block; width: 100%; text-align: left; border: 0; border-radius: 6px; padding: .25rem .5rem;
  background: none; color: inherit; font: inherit; cursor: pointer; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
nav button:hover { background: var(--card) } nav button.chosen { background: var(--here-back) }
nav button small { display: block; color: var(--soft); overflow: hidden; text-overflow: ellipsis }
.dot { display: inline-block; width: .55rem; height: .55rem; border-radius: 50%; margin-right: .4rem; background: var(--soft) }
.dot.active { background: var(--here) } .dot.done { background: var(--good) } .dot.error, .dot.stopped { background: var(--bad) }
.box { border: 1px solid var(--line); border-radius: 8px; background: var(--card); padding: .35rem .5rem; min-width: 8.5rem }
.box.been { border-color: var(--been-line); background: var(--been) }
.box.here { border-color: var(--here) }
.box.here.leaf { background: var(--here-back); box-shadow: 0 0 0 1px var(--here) }
.box.final { border-style: double; border-width: 3px } .box.history { border-radius: 999px }
.box > .name { font-weight: 600; display: flex; gap: .4rem; align-items: baseline; flex-wrap: wrap }
.tag, .kind { font-weight: 400; font-size: .7rem; color: var(--soft) } .tag { border: 1px solid var(--line); border-radius: 99px; padding: 0 .4rem }
.inner { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: .4rem; align-items: flex-start }
.parallel > .inner > .box { border-style: dashed; flex: 1 1 auto }
.parallel > .inner { flex-direction: column; align-items: stretch }
.does { margin: .1rem 0 0; padding: 0; list-style: none; font-size: .74rem; color: var(--soft); max-width: 21rem }
.does i { font-style: normal; color: var(--ink) } .does .guard { color: var(--soft) }
pre { margin: 0; padding: .5rem; background: var(--card); border: 1px solid var(--line); border-radius: 6px; overflow: auto;
  font: 11.5px/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere }
#context { flex: 0 1 38% } #log { flex: 1 1 55%; overflow: auto; border: 1px solid var(--line); border-radius: 6px; background: var(--card) }
#log details { border-bottom: 1px solid var(--line); padding: .2rem .5rem } #log details.past { opacity: .72 }
#log summary { cursor: pointer; list-style: none; display: grid; grid-template-columns: auto 1fr auto; gap: 0 .5rem; overflow-wrap: anywhere }
#log time, #log .from { color: var(--soft); font-size: .74rem } #log .from { grid-column: 2 / -1 }
#log b { font-weight: 600 } #log .seq { color: var(--soft) } .bad { color: var(--bad) }
.empty { color: var(--soft); padding: 2rem; text-align: center }
`
