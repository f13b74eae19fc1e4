module.exports = {
  rootDir: '../..',
  testEnvironment: 'jsdom',
  testMatch: ['<rootDir>/test/weapp/*.test.cjs'],
  transform: {},
  moduleFileExtensions: ['js', 'cjs', 'json'],
  testTimeout: 30000,
}
