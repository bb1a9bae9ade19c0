export { type Attempt, type Budget, type Guess, windowSeconds } from './budget.ts'
export { type Guessed, spendGuess } from './guess.ts'
export { closeBudget, closeBudgets, guessMigrations, keepBudget, openBudget, renewBudget } from './store.ts'
