// The verb `start` of the bootstrap, with nothing left to provide: how it hands over is what the stories are about.
import { join } from 'node:path'
import { handOver } from '../../../tools/bootstrap/hand-over.mjs'

const world = join(import.meta.dirname, 'run-world.ts')
const args = ['--conditions=@strongroom/source', world, ...process.argv.slice(2)]
handOver(process.execPath, { args, environment: process.env })
