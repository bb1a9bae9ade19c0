export { type AppProcess, type AppWish, type Settings, startApp, type TestApp } from './app.ts'
export { keepCopy, type KeptCopy, loseDatabase } from './kept-copy.ts'
export { testDatabase, type DatabaseTemplate, type TestDatabase } from './database.ts'
export { halfHeld, secondToken, type SecondToken, sweepNow, tokenStates } from './second-token.ts'
