/*!
 * thing v1.2
 * (c) 2015 Somebody, released under the MIT license
 */
'use strict'

const fs = require('fs')
import path, { join } from 'path'

/**
 * Adds two numbers.
 * @param {number} a
 */
const add = (a, b) => a + b

// Reads a file.
export default async function readFile (name) {
  const inner = () => {
    return 1
  }
  return fs.promises.readFile(name)
}

/** A queue of tasks. */
export class Queue extends Base {
  #items = []
  static limit = 10

  /** Put one task in. */
  push (task) {
    this.#items.push(task)
  }

  onDone = async (result) => {
    this.emit('done', result)
  }

  get length () { return this.#items.length }
}

Queue.prototype.drain = function drain (callback) {
  callback()
}

exports.create = function () {
  return new Queue()
}

module.exports.helpers = {
  name: 'helpers',

  // Trim a string.
  trim (s) {
    const t = s.trim()
    return t
  },

  pad: function (s, n) {
    return s
      .padStart(n)
  },
  short: () => 1,
  long: (x) => {
    return x
      + 1
  }
}

;(function (root, factory) {
  root.Thing = factory()
})(this, function () {
  function Thing (x) {
    this.x = x
  }

  return Thing
})

describe('queue', () => {
  it('pushes', () => {
    expect(1).toBe(1)
  })
})

function * numbers () {
  yield 1
}
