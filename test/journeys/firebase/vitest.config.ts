import { testsOf } from '../../../vitest.shared.ts'

// A suite of its own: what it runs beside is not in the workspace.
export default testsOf('journeys', { postgres: true, include: ['firebase/**/*.test.ts'] })
