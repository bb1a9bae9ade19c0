import { spawn } from 'node:child_process'
import { checkout } from './checkout.mjs'

const node = [process.execPath, '--conditions=@strongroom/source']

// The longest first.
const checks = {
  build: ['nx', 'run-many', '-t', 'build', '--outputStyle=static'],
  types: ['tsc', '-p', 'tsconfig.json'],
  // Pages know what a browser has; nothing else may.
  'types of pages': ['tsc', '-p', 'test/browser/tsconfig.json'],
  lint: ['oxlint', '--type-aware'],
  format: ['prettier', '--check', '.', '--log-level=warn'],
  boundaries: [...node, 'tools/checks/src/boundaries.ts'],
  golden: [...node, 'tools/checks/src/golden.ts', '--check'],
}

const failed = []
const waiting = Object.entries(checks)
// Two at a time; what each says is told in one piece when it ends.
await Promise.all([runWaiting(), runWaiting()])
// Lays the code of READMEs into the tree for a moment, where the others would find it.
waiting.push(['documents', [...node, 'tools/checks/src/documents.ts']])
await runWaiting()

if (failed.length > 0) console.log(`\nfailed: ${failed.join(', ')}`)
process.exitCode = failed.length > 0 ? 1 : 0

async function runWaiting() {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const [name, command] = next
    const began = Date.now()
    const { status, output } = await run(command)
    process.stdout.write(output)
    console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - began) / 1000).toFixed(1)}s)`)
    if (status !== 0) failed.push(name)
  }
}

function run([program, ...args]) {
  const child = spawn(program, args, { cwd: checkout, stdio: ['inherit', 'pipe', 'pipe'] })
  const chunks = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(chunk))
  const output = () => Buffer.concat(chunks).toString('utf8')
  return new Promise((done) => {
    child.once('error', (error) => done({ status: 1, output: `${error.message}\n` }))
    child.once('close', (status) => done({ status, output: output() }))
  })
}
