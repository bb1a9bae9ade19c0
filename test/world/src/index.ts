export { type AppProcess, type AppWish, startApp, type TestApp } from './app.ts'
export { testDatabase, type DatabaseTemplate, type TestDatabase } from './database.ts'
