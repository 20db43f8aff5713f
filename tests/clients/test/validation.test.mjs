// What graphql-js, the reference implementation, calls valid is executed, and what it calls invalid is refused as such.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { buildSchema, parse, validate } from "graphql";
import { startService } from "../support/service.mjs";

let service;
let token;

before(async () => {
  service = await startService();
  token = await service.token();
});
after(() => service?.stop());

const schema = buildSchema(readFileSync(new URL("../../../schema.graphql", import.meta.url), "utf8"));

// No variables are sent with them, so a valid one requires none.
const documents = `
{viewer{role}}
query A{viewer{role}}
query($n:Int){approvals(first:$n){totalCount}}
query($n:Int=3){approvals(first:$n){totalCount}}
query($o:ApprovalOrder){approvals(order:$o){totalCount}}
query($f:ApprovalFilter){approvals(filter:$f){totalCount}}
query($k:String){approvals(filter:{tagKey:$k}){totalCount}}
query($on:Boolean=true){viewer{role @include(if:$on)}}
query($n:Int){...F} fragment F on Query{resources(first:$n){totalCount}}
{viewer{role} viewer{subject}}
{a:viewer{role} b:viewer{role}}
{approvals(filter:{minConfidence:1}){totalCount}}
{node(id:"x"){...on Resource{x:name} ...on VirtualTag{x:tagKey}}}
{__type(name:"Resource"){name fields{name}}}
{rules{nodes{...on Node{id}}}}
{viewer{__typename ...on Viewer{role}}}
{viewer{role}} query B{viewer{role}}
query A{viewer{role}} query A{viewer{role}}
{...F} fragment F on Query{viewer{role}} fragment F on Query{viewer{role}}
{approvals(filter:{tagKey:"a",tagKey:"b"}){totalCount}}
{viewer{role:subject role}}
{viewer{role}} fragment F on Query{viewer{role}}
query($a:Int){viewer{role}}
query($a:Int,$a:Int){approvals(first:$a){totalCount}}
{viewer{role @include(if:true) @include(if:true)}}
{viewer{role @deprecated}}
query @include(if:true){viewer{role}}
{viewer{role @nothing}}
{viewer{role @skip}}
{viewer{role @skip(if:"yes")}}
{approvals(order:"NEWEST"){totalCount}}
{approvals(order:NOTHING){totalCount}}
{approvals(order:1){totalCount}}
{approvals(first:3000000000){totalCount}}
{approvals(first:1.5){totalCount}}
{approvals(first:"1"){totalCount}}
{approvals(first:true){totalCount}}
{approvals(first:[1,2]){totalCount}}
{approvals(first:1,first:2){totalCount}}
{approvals(filter:{minConfidence:"x"}){totalCount}}
{approvals(filter:{tagKey:team}){totalCount}}
{approvals(filter:{tagKey:1}){totalCount}}
{approvals(filter:{nothing:1}){totalCount}}
{approvals(filter:[{tagKey:"a"}]){totalCount}}
{approvals(nothing:1){totalCount}}
{viewer{...F}} fragment F on String{x}
{viewer{...F}} fragment F on Nothing{x}
{viewer{...F}} fragment F on Rule{id}
{viewer{...F}}
{viewer{...on Nothing{id}}}
{...F} fragment F on Query{...G} fragment G on Query{...F}
query($v:Viewer){viewer{role}}
query($v:Nothing){approvals(first:$v){totalCount}}
query($n:Int="x"){approvals(first:$n){totalCount}}
query($n:Int!=null){approvals(first:$n){totalCount}}
query($o:ApprovalOrder="NEWEST"){approvals(order:$o){totalCount}}
query($x:String){approvals(first:$x){totalCount}}
query($x:[Int]){approvals(first:$x){totalCount}}
query($x:ID){node(id:$x){id}}
query($x:ID){nodes(ids:[$x]){id}}
query($x:ID){nodes(ids:$x){id}}
query($x:Int){approvals(filter:{tagKey:$x}){totalCount}}
query($x:Int){approvals(filter:{nothing:$x}){totalCount}}
query($x:Int){viewer(nothing:$x){role}}
query($x:Boolean){viewer{role @include(if:$x)}}
query($x:Int){__type(name:$x){name}}
query($x:ID){...F} fragment F on Query{resources(first:$x){totalCount}}
{approvals(first:$n){totalCount}}
query A{approvals(first:$n){totalCount}} query B($n:Int){approvals(first:$n){totalCount}}
{node}
{node(id:null){id}}
{nodes(ids:[null]){id}}
{viewer}
{viewer{role{x}}}
{viewer{nothing}}
{viewer{role(x:1)}}
{nothing}
{a:approvals(first:1){totalCount} a:approvals(first:2){totalCount}}
{node(id:"x"){...on Resource{x:name} ...on VirtualTag{x:confidence}}}
{node(id:"x"){...on Resource{x:name} ...on Resource{x:region}}}
{node(id:"x"){...on Resource{x:name} ...on VirtualTag{x:resource{name}}}}
{node(id:"x"){name}}
mutation{approveTags{decided}}
mutation{approveTags(input:{ids:["x"]}){nothing}}
mutation{createRule(input:{ruleName:"x"}){rule{id}}}
mutation($x:Int){createRule(input:{ruleName:$x,condition:"true",tagKey:"k",tagValue:"v"}){rule{id}}}
type X{a:Int}
{viewer{role}} type X{a:Int}
{
`.trim().split("\n");

const isValid = (document) => {
  try {
    return validate(schema, parse(document)).length === 0;
  } catch {
    return false;
  }
};

const ask = async (document) => {
  const answer = await fetch(service.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json",
      authorization: `Bearer ${token}`,
    },
    body: JSON.stringify({ query: document, operationName: document.match(/^query (\w+)/)?.[1] }),
  });
  return { status: answer.status, body: await answer.json() };
};

test("both kinds of documents are among them", () => {
  const valid = documents.filter(isValid).length;
  assert.ok(valid >= 16 && documents.length - valid >= 70, `${valid} of ${documents.length} are valid`);
});

for (const document of documents) {
  test(document, async () => {
    const { status, body } = await ask(document);
    const shown = `${status} ${JSON.stringify(body)}`;
    if (isValid(document)) {
      assert.equal(status, 200, shown);
      assert.ok(body.data, shown);
    } else {
      assert.equal(status, 400, shown);
      assert.ok(!("data" in body), shown);
      assert.match(body.errors[0].extensions.code, /^GRAPHQL_(PARSE|VALIDATION)_FAILED$/, shown);
    }
  });
}
