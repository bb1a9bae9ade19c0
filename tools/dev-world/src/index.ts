export { apps, type App } from './apps.ts'
export { usualPlaces } from './places.ts'
export { readWorldFile, type TokenAccess, type WorldFile } from './world-file.ts'
