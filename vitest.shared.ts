import { fileURLToPath } from 'node:url'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const conditions = ['@strongroom/source']

/**
 * What every project's tests share: sources instead of builds, and a result file from which `npm test` counts.
 * `postgres` takes the run's cluster, or starts one.
 */
export const testsOf = (project: string, { postgres, ...options }: ViteUserConfig['test'] & { postgres?: true } = {}) =>
  defineConfig({
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: {
      name: project,
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      reporters: ['default', 'json'],
      outputFile: { json: path(`.nx/test-results/@strongroom/${project}.json`) },
      testTimeout: 120_000,
      hookTimeout: 120_000,
      // Whoever is right waits for as long as it takes: a machine that stands still for a while must not make it wrong.
      expect: { poll: { timeout: 60_000 } },
      // Apps that tests start load hundreds of our sources: stripped and compiled once, they start in half the time.
      env: { NODE_COMPILE_CACHE: path('.nx/compile-cache') },
      ...(postgres && { globalSetup: [path('test/world/src/global-setup.ts')] }),
      ...options,
    },
  })
