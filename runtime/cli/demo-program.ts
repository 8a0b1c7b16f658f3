/** What `perdure demo` runs, loaded when it does. */
export { isFaultless, runDemo } from '../demo/demo.js'
export { showProgress } from '../demo/progress.js'
export { demoJson, demoTable } from '../demo/report.js'
