/** What `perdure demo` runs, loaded when it does. */
export { isClusterFaultless, runClusterDemo } from '../demo/cluster/cluster-demo.js'
export { clusterDemoJson, clusterDemoTable } from '../demo/cluster/cluster-report.js'
export { isFaultless, runDemo } from '../demo/demo.js'
export { showProgress } from '../demo/progress.js'
export { demoJson, demoTable } from '../demo/report.js'
