import { logicContract } from './logic.contract.js'
import { fixtures } from './logic-fixtures.js'

for (const fixture of fixtures) logicContract(fixture)
