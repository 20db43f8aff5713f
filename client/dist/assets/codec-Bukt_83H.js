import{n as e}from"./rolldown-runtime-WkwZ5CU-.js";import{Bt as t,Et as n,I as r,Vt as i,ct as a,en as o,ft as s,nt as c,ot as l,pt as u,qt as d,rt as f,ut as p,yr as m,z as h,zt as g}from"./Modal-CG6qbM9x.js";import{D as _,E as v,M as y,T as b,Z as x,a as S,i as C,o as w,r as T,s as E,y as D}from"./Box-BcA-tnPl.js";import{m as O}from"./List-Bh9XfXvk.js";import{d as k}from"./chunk-Z7SQORRT-RunpP6vE.js";var A=e(x(),1);function j(e){let[t,n]=k(),r=t.toString(),{view:i,dropped:a}=(0,A.useMemo)(()=>e.decode(new URLSearchParams(r)),[e,r]);return{view:i,dropped:a,setView:(0,A.useCallback)((t,r={})=>{n(n=>{let r=typeof t==`function`?t(e.decode(n).view):t,i=e.encode(r);for(let[t,r]of n)e.names.includes(t)||i.append(t,r);return i},r)},[e,n])}}function M(e){return v(`MuiLinearProgress`,e)}b(`MuiLinearProgress`,[`root`,`colorPrimary`,`colorSecondary`,`determinate`,`indeterminate`,`buffer`,`query`,`dashed`,`bar`,`bar1`,`bar2`]);var N=y(),P=4,F={},I=f`
  0% {
    left: -35%;
    right: 100%;
  }

  60% {
    left: 100%;
    right: -90%;
  }

  100% {
    left: 100%;
    right: -90%;
  }
`,L=typeof I==`string`?null:c`
        animation: ${I} 2.1s cubic-bezier(0.65, 0.815, 0.735, 0.395) infinite;
      `,R=f`
  0% {
    left: -200%;
    right: 100%;
  }

  60% {
    left: 107%;
    right: -8%;
  }

  100% {
    left: 107%;
    right: -8%;
  }
`,z=typeof R==`string`?null:c`
        animation: ${R} 2.1s cubic-bezier(0.165, 0.84, 0.44, 1) 1.15s infinite;
      `,B=f`
  0% {
    opacity: 1;
    background-position: 0 -23px;
  }

  60% {
    opacity: 0;
    background-position: 0 -23px;
  }

  100% {
    opacity: 1;
    background-position: -200px -23px;
  }
`,V=typeof B==`string`?null:c`
        animation: ${B} 3s infinite linear;
      `,H=e=>{let{classes:t,variant:n,color:r}=e,i={root:[`root`,`color${C(r)}`,n],dashed:[`dashed`],bar1:[`bar`,`bar1`],bar2:[`bar`,`bar2`,n===`buffer`&&`color${C(r)}`]};return D(i,M,t)},U=(e,t)=>e.vars?e.vars.palette.LinearProgress[`${t}Bg`]:e.palette.mode===`light`?e.lighten(e.palette[t].main,.62):e.darken(e.palette[t].main,.5),W=E(`span`,{name:`MuiLinearProgress`,slot:`Root`,overridesResolver:(e,t)=>{let{ownerState:n}=e;return[t.root,t[`color${C(n.color)}`],t[n.variant]]}})(S(({theme:e})=>({position:`relative`,overflow:`hidden`,display:`block`,height:4,zIndex:0,"@media print":{colorAdjust:`exact`},variants:[...Object.entries(e.palette).filter(T()).map(([t])=>({props:{color:t},style:{backgroundColor:U(e,t)}})),{props:({ownerState:e})=>e.color===`inherit`&&e.variant!==`buffer`,style:{"&::before":{content:`""`,position:`absolute`,left:0,top:0,right:0,bottom:0,backgroundColor:`currentColor`,opacity:.3}}},{props:{variant:`buffer`},style:{backgroundColor:`transparent`}},{props:{variant:`query`},style:{transform:`rotate(180deg)`}}]}))),G=E(`span`,{name:`MuiLinearProgress`,slot:`Dashed`})(S(({theme:e})=>({position:`absolute`,marginTop:0,height:`100%`,width:`100%`,backgroundSize:`10px 10px`,backgroundPosition:`0 -23px`,variants:[{props:{color:`inherit`},style:{opacity:.3,backgroundImage:`radial-gradient(currentColor 0%, currentColor 16%, transparent 42%)`}},...Object.entries(e.palette).filter(T()).map(([t])=>{let n=U(e,t);return{props:{color:t},style:{backgroundImage:`radial-gradient(${n} 0%, ${n} 16%, transparent 42%)`}}})]})),V||{animation:`${B} 3s infinite linear`},S(({theme:e})=>r(e,{animation:`none`})||F)),K=E(`span`,{name:`MuiLinearProgress`,slot:`Bar1`,overridesResolver:(e,t)=>[t.bar,t.bar1]})(S(({theme:e})=>{let t=r(e,{animation:`none`,left:`30%`,right:`auto`,width:`40%`});return{width:`100%`,position:`absolute`,left:0,bottom:0,top:0,...h(e,`transform`,{duration:`0.2s`,easing:`linear`}),transformOrigin:`left`,variants:[{props:{color:`inherit`},style:{backgroundColor:`currentColor`}},...Object.entries(e.palette).filter(T()).map(([t])=>({props:{color:t},style:{backgroundColor:(e.vars||e).palette[t].main}})),{props:{variant:`determinate`},style:{...h(e,`transform`,{duration:`.${P}s`,easing:`linear`})}},{props:{variant:`buffer`},style:{zIndex:1,...h(e,`transform`,{duration:`.${P}s`,easing:`linear`})}},{props:({ownerState:e})=>e.variant===`indeterminate`||e.variant===`query`,style:{width:`auto`}},{props:({ownerState:e})=>e.variant===`indeterminate`||e.variant===`query`,style:L||{animation:`${I} 2.1s cubic-bezier(0.65, 0.815, 0.735, 0.395) infinite`}},...t?[{props:({ownerState:e})=>e.variant===`indeterminate`||e.variant===`query`,style:t}]:[]]}})),q=E(`span`,{name:`MuiLinearProgress`,slot:`Bar2`,overridesResolver:(e,t)=>[t.bar,t.bar2]})(S(({theme:e})=>{let t=r(e,{animation:`none`,display:`none`});return{width:`100%`,position:`absolute`,left:0,bottom:0,top:0,...h(e,`transform`,{duration:`0.2s`,easing:`linear`}),transformOrigin:`left`,variants:[...Object.entries(e.palette).filter(T()).map(([t])=>({props:{color:t},style:{"--LinearProgressBar2-barColor":(e.vars||e).palette[t].main}})),{props:({ownerState:e})=>e.variant!==`buffer`&&e.color!==`inherit`,style:{backgroundColor:`var(--LinearProgressBar2-barColor, currentColor)`}},{props:({ownerState:e})=>e.variant!==`buffer`&&e.color===`inherit`,style:{backgroundColor:`currentColor`}},{props:{color:`inherit`},style:{opacity:.3}},...Object.entries(e.palette).filter(T()).map(([t])=>({props:{color:t,variant:`buffer`},style:{backgroundColor:U(e,t),...h(e,`transform`,{duration:`.${P}s`,easing:`linear`})}})),{props:({ownerState:e})=>e.variant===`indeterminate`||e.variant===`query`,style:{width:`auto`}},{props:({ownerState:e})=>e.variant===`indeterminate`||e.variant===`query`,style:z||{animation:`${R} 2.1s cubic-bezier(0.165, 0.84, 0.44, 1) 1.15s infinite`}},...t?[{props:({ownerState:e})=>e.variant===`indeterminate`||e.variant===`query`,style:t}]:[]]}})),J=A.forwardRef(function(e,t){let n=w({props:e,name:`MuiLinearProgress`}),{className:r,color:i=`primary`,max:a,min:o,value:s,valueBuffer:c,variant:l=`indeterminate`,...u}=n,d={...n,color:i,variant:l},f=o??0,p=a??100,m=H(d),h=O(),g={},v={bar1:{},bar2:{}};if((l===`determinate`||l===`buffer`)&&s!==void 0){let e=p-f,t=(s-f)/e*100-100;h&&(t=-t),v.bar1.transform=e>0?`translateX(${t}%)`:`translateX(-100%)`,g[`aria-valuenow`]=s,g[`aria-valuemin`]=f,g[`aria-valuemax`]=p}if(l===`buffer`&&c!==void 0){let e=p-f,t=(c-f)/e*100-100;h&&(t=-t),v.bar2.transform=e>0?`translateX(${t}%)`:`translateX(-100%)`}return(0,N.jsxs)(W,{className:_(m.root,r),ownerState:d,role:`progressbar`,...g,ref:t,...u,children:[l===`buffer`?(0,N.jsx)(G,{className:m.dashed,ownerState:d}):null,(0,N.jsx)(K,{className:m.bar1,ownerState:d,style:v.bar1}),l===`determinate`?null:(0,N.jsx)(q,{className:m.bar2,ownerState:d,style:v.bar2})]})});function Y(e,t=String){return{decode([t]){let n=m(e,t);return n.success?n.data:void 0},encode:e=>[t(e)]}}var X=(e,t)=>p(s().check(d(e)),u(t)),Z=Y(s().check(o(),i(1),t(1024))),Q=e=>Y(l(e));p(X(/^\d*\.?\d+$/,Number),a().check(n(0),g(1))),X(/^\d{1,9}$/,Number);var $=Y(X(/^(true|false)$/,e=>e===`true`));function ee(e){let t=Object.keys(e),n=t=>e[t];return{names:t,decode(e){let r={},i=[];for(let a of t){let t=e.getAll(a);if(t.length===0)continue;let o=n(a).decode(t);o===void 0?i.push(a):r[a]=o}return{view:r,dropped:i}},encode(e){let r=new URLSearchParams;for(let i of t){let t=e[i];if(t!=null&&t!==``)for(let e of n(i).encode(t))r.append(i,e)}return r}}}export{J as a,ee as i,$ as n,j as o,Z as r,Q as t};