// Check an AsyncAPI document, and render it as one HTML page: node page.mjs asyncapi.yaml [page.html]
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Parser, fromFile } from "@asyncapi/parser";

const require = createRequire(import.meta.url);
const [source, page] = process.argv.slice(2);
const { document, diagnostics } = await fromFile(new Parser(), source).parse();
console.log(JSON.stringify(diagnostics.map(({ code, severity, message, path }) => ({ code, severity, message, path }))));
if (!document) process.exit(1);

if (page) {
  const { createElement } = require("react");
  const { renderToStaticMarkup } = require("react-dom/server");
  const { AsyncApiComponentWP: Component } = require("@asyncapi/react-component");
  const config = { show: { sidebar: true, errors: false }, expand: { messageExamples: true }, sidebar: { showOperations: "byDefault" } };
  const body = renderToStaticMarkup(createElement(Component, { schema: document, config }));
  const style = readFileSync(require.resolve("@asyncapi/react-component/styles/default.min.css"), "utf8");
  writeFileSync(page, `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>${document.info().title()}</title>\n<style>${style}</style></head>\n<body>${body}</body></html>\n`);
}
