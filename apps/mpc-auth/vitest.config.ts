import { testsOf } from '../../vitest.shared.ts'

export default testsOf('mpc-auth', { postgres: true })
