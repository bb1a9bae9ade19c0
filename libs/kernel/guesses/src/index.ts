export { type Attempt, type Budget, windowSeconds } from './budget.ts'
export { type Guessed, spendGuess } from './guess.ts'
export { closeBudget, guessMigrations, openBudget, renewBudget } from './store.ts'
