import { suite } from 'node:test'
import { executors } from '../machines/stepping.js'
import { logicContract } from './logic.contract.js'
import { fixtures } from './logic-fixtures.js'

for (const [name, logicOf] of Object.entries(executors))
  suite(`${name} executor`, () => {
    for (const fixture of fixtures(logicOf)) logicContract(fixture)
  })
