import { apps } from './apps.ts'
import { usualPlaces } from './places.ts'
import { runDevWorld } from './run-dev-world.ts'

process.exit(await runDevWorld({ argv: process.argv.slice(2), apps, places: usualPlaces }))
