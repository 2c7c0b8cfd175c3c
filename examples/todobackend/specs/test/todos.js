// Acceptance tests: the whole service from outside, through nginx.
'use strict'
const assert = require('assert')
const http = require('http')

const base = process.env.URL

function call (method, url, body) {
  return new Promise((resolve, reject) => {
    const data = body === undefined ? undefined : JSON.stringify(body)
    const headers = data === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(data) }
    const request = http.request(url, { method, headers }, response => {
      let text = ''
      response.on('data', piece => { text += piece })
      response.on('end', () => resolve({ status: response.statusCode, body: text ? JSON.parse(text) : undefined }))
    })
    request.on('error', reject)
    request.end(data)
  })
}

describe('the to-do list', () => {
  beforeEach(() => call('DELETE', base))

  it('is empty at first', async () => {
    const answer = await call('GET', base)
    assert.strictEqual(answer.status, 200)
    assert.deepStrictEqual(answer.body, [])
  })

  it('keeps what was added', async () => {
    const added = await call('POST', base, { title: 'Walk the dog' })
    assert.strictEqual(added.status, 201)
    const list = await call('GET', base)
    assert.deepStrictEqual(list.body.map(item => item.title), ['Walk the dog'])
  })

  it('completes an item where it is', async () => {
    const added = await call('POST', base, { title: 'Buy milk' })
    const changed = await call('PATCH', added.body.url, { completed: true })
    assert.strictEqual(changed.body.completed, true)
    assert.strictEqual((await call('GET', added.body.url)).body.completed, true)
  })

  it('forgets what was deleted', async () => {
    const added = await call('POST', base, { title: 'Buy milk' })
    assert.strictEqual((await call('DELETE', added.body.url)).status, 204)
    assert.strictEqual((await call('GET', added.body.url)).status, 404)
  })
})
