// Lint of the Action's parts and of the JavaScript that runs and tests them.
import js from '@eslint/js';
import globals from 'globals';

export default [
  { ignores: ['build/**', 'tests/actions/previous/**', '.sandbox/**', '.venv/**', 'tools/node/*.mjs'] },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2023, sourceType: 'commonjs', globals: globals.node },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always'],
      'no-implicit-globals': 'off',
      'no-param-reassign': 'error',
      'no-promise-executor-return': 'error',
      'no-shadow': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['actions/src/**'],
    languageOptions: { sourceType: 'script' },
    rules: {
      // The parts share one scope once they are assembled: tsc checks names there.
      'no-undef': 'off',
      'no-unused-vars': ['error', { vars: 'local' }],
      // Control characters are removed from what is read aloud.
      'no-control-regex': 'off',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      strict: 'off',
    },
  },
  {
    // Modules that a browser loads as they are.
    files: ['sandbox/pages/static/**'],
    languageOptions: { sourceType: 'module', globals: globals.browser },
  },
  {
    files: ['tests/**', 'sandbox/**'],
    rules: { 'no-control-regex': 'off', 'no-unused-vars': ['error', { args: 'none' }] },
  },
];
