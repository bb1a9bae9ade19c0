import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { startThrowaway } from '../postgres/src/index.ts'
import { checkout } from './checkout.mjs'
import { countResults, resultsDirectory } from './count-results.mjs'
import { say } from './say.mjs'

/** The suites, each a target of its projects, with what it does not run and why; printed with every result. */
const leftOut = {
  test:
    'the browser suite, which wants Chromium (npm run test:browser), that of Firebase’s emulator, 240 MB from npm ' +
    '(npm run test:firebase), and that of a real object store, Ceph’s, from the machine’s packages (npm run test:radosgw)',
  'test:browser': 'everything else (npm test)',
  'test:firebase': 'everything else (npm test)',
  'test:radosgw': 'everything else (npm test)',
}

const [suite, ...rest] = process.argv.slice(2)
// Three at a time keep two cores busy: what a suite does is to wait for processes half of the time.
const args = ['run-many', '-t', suite, '--parallel=3', ...rest]

rmSync(resultsDirectory, { recursive: true, force: true })
const [cluster, projects] = await Promise.all([startThrowaway(), plannedProjects()])
say(`a throw-away PostgreSQL listens on 127.0.0.1:${cluster.port}`)
// Ctrl-C reaches nx too: wait for it, so that the cluster ends after those who use it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined)
const { code } = await runNx(args, { stdio: 'inherit', env: { ...process.env, STRONGROOM_TEST_POSTGRES: cluster.url } })
await cluster.stop()

const { passed, failed, problems } = countResults(projects)
for (const problem of problems) console.log(problem)
console.log(`\nleft out: ${leftOut[suite]}`)
// A run that failed without a failed test (an unhandled error, a crash) is a failure all the same.
const total = code !== 0 && failed === 0 ? 1 : failed
console.log(`${passed} passed, ${total} failed`)
process.exitCode = total === 0 ? 0 : 1

async function plannedProjects() {
  const { code: status, output } = await runNx([...args, '--graph=stdout'], { stdio: ['ignore', 'pipe', 'inherit'] })
  if (status !== 0) throw new Error('nx could not plan the tests')
  return Object.values(JSON.parse(output).tasks.tasks)
    .filter(({ target }) => target.target === suite)
    .map(({ target }) => target.project)
}

function runNx(nxArgs, options) {
  const child = spawn('nx', nxArgs, { cwd: checkout, ...options })
  const chunks = []
  child.stdout?.on('data', (chunk) => chunks.push(chunk))
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('close', (status) => done({ code: status, output: Buffer.concat(chunks).toString('utf8') }))
  })
}
