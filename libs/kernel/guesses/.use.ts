import { type Budget, openBudget, spendGuess } from '@strongroom/guesses'
import { openDatabase } from '@strongroom/storage'

const budget: Budget = { kind: 'pin', guesses: 10, window: 7 * 86_400, growth: 'doubling' }
const database = openDatabase({ connectionString: 'postgres://app@localhost/keys' })
await database.run(openBudget(budget, 'key-1'))
const attempt = { subject: 'key-1', purpose: 'open-key' }
const guessed = await spendGuess({ database, budget, attempt }, async () => 'the key, or undefined for a wrong guess')
if (guessed.outcome === 'exhausted') throw new Error(`come back at ${guessed.until.toISOString()}`)
