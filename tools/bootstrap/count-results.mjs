import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { checkout } from './checkout.mjs'

export const resultsDirectory = join(checkout, '.nx/test-results')

/** Adds up what vitest wrote for each project. What was skipped, not written yet, or left no result counts as failed. */
export function countResults(projects) {
  const counts = projects.map(countProject)
  const sum = (name) => counts.reduce((total, count) => total + count[name], 0)
  return { passed: sum('passed'), failed: sum('failed'), problems: counts.flatMap(({ problem }) => problem ?? []) }
}

function countProject(project) {
  const path = resultOf(project)
  if (!path) return { passed: 0, failed: 1, problem: `${project}: no result` }
  const result = JSON.parse(readFileSync(path, 'utf8'))
  const notRun = result.numPendingTests + result.numTodoTests
  const broken = result.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  const counted = result.numFailedTests + notRun + broken.length
  const failed = result.success ? counted : Math.max(counted, 1)
  const problem =
    failed > 0 ? `${project}: ${failed} failed${notRun > 0 ? `, ${notRun} of them not run` : ''}` : undefined
  return { passed: result.numPassedTests, failed, problem }
}

function resultOf(project) {
  const results = existsSync(resultsDirectory) ? readdirSync(resultsDirectory, { recursive: true }) : []
  const found = results.find((name) => basename(name) === `${basename(project)}.json`)
  return found && join(resultsDirectory, found)
}
