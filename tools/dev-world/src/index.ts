export { apps, type App } from './apps.ts'
export { type Places, usualPlaces } from './places.ts'
export { type DevWorld, runDevWorld } from './run-dev-world.ts'
export { readWorldFile, type TokenAccess, type WorldFile } from './world-file.ts'
