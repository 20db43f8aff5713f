import{r as e,t}from"./rolldown-runtime-XKyaHtl9.js";import{$ as n,G as r,I as i,J as a,K as o,L as s,O as c,Q as l,T as u,W as d,b as f,d as p,dt as m,ft as h,gt as g,ht as _,j as v,k as y,lt as b,m as x,mt as S,n as ee,pt as C,q as w,r as T,ut as E,v as te,w as ne,x as re,y as D}from"./i18n-BmIbCRdo.js";import{n as ie,t as ae}from"./jsx-runtime-C3cWAN_r.js";var oe=t((e=>{var t=typeof Symbol==`function`&&Symbol.for,n=t?Symbol.for(`react.element`):60103,r=t?Symbol.for(`react.portal`):60106,i=t?Symbol.for(`react.fragment`):60107,a=t?Symbol.for(`react.strict_mode`):60108,o=t?Symbol.for(`react.profiler`):60114,s=t?Symbol.for(`react.provider`):60109,c=t?Symbol.for(`react.context`):60110,l=t?Symbol.for(`react.async_mode`):60111,u=t?Symbol.for(`react.concurrent_mode`):60111,d=t?Symbol.for(`react.forward_ref`):60112,f=t?Symbol.for(`react.suspense`):60113,p=t?Symbol.for(`react.suspense_list`):60120,m=t?Symbol.for(`react.memo`):60115,h=t?Symbol.for(`react.lazy`):60116,g=t?Symbol.for(`react.block`):60121,_=t?Symbol.for(`react.fundamental`):60117,v=t?Symbol.for(`react.responder`):60118,y=t?Symbol.for(`react.scope`):60119;function b(e){if(typeof e==`object`&&e){var t=e.$$typeof;switch(t){case n:switch(e=e.type,e){case l:case u:case i:case o:case a:case f:return e;default:switch(e&&=e.$$typeof,e){case c:case d:case h:case m:case s:return e;default:return t}}case r:return t}}}function x(e){return b(e)===u}e.AsyncMode=l,e.ConcurrentMode=u,e.ContextConsumer=c,e.ContextProvider=s,e.Element=n,e.ForwardRef=d,e.Fragment=i,e.Lazy=h,e.Memo=m,e.Portal=r,e.Profiler=o,e.StrictMode=a,e.Suspense=f,e.isAsyncMode=function(e){return x(e)||b(e)===l},e.isConcurrentMode=x,e.isContextConsumer=function(e){return b(e)===c},e.isContextProvider=function(e){return b(e)===s},e.isElement=function(e){return typeof e==`object`&&!!e&&e.$$typeof===n},e.isForwardRef=function(e){return b(e)===d},e.isFragment=function(e){return b(e)===i},e.isLazy=function(e){return b(e)===h},e.isMemo=function(e){return b(e)===m},e.isPortal=function(e){return b(e)===r},e.isProfiler=function(e){return b(e)===o},e.isStrictMode=function(e){return b(e)===a},e.isSuspense=function(e){return b(e)===f},e.isValidElementType=function(e){return typeof e==`string`||typeof e==`function`||e===i||e===u||e===o||e===a||e===f||e===p||typeof e==`object`&&!!e&&(e.$$typeof===h||e.$$typeof===m||e.$$typeof===s||e.$$typeof===c||e.$$typeof===d||e.$$typeof===_||e.$$typeof===v||e.$$typeof===y||e.$$typeof===g)},e.typeOf=b})),se=t(((e,t)=>{t.exports=oe()})),O=t(((e,t)=>{var n=se(),r={childContextTypes:!0,contextType:!0,contextTypes:!0,defaultProps:!0,displayName:!0,getDefaultProps:!0,getDerivedStateFromError:!0,getDerivedStateFromProps:!0,mixins:!0,propTypes:!0,type:!0},i={name:!0,length:!0,prototype:!0,caller:!0,callee:!0,arguments:!0,arity:!0},a={$$typeof:!0,render:!0,defaultProps:!0,displayName:!0,propTypes:!0},o={$$typeof:!0,compare:!0,defaultProps:!0,displayName:!0,propTypes:!0,type:!0},s={};s[n.ForwardRef]=a,s[n.Memo]=o;function c(e){return n.isMemo(e)?o:s[e.$$typeof]||r}var l=Object.defineProperty,u=Object.getOwnPropertyNames,d=Object.getOwnPropertySymbols,f=Object.getOwnPropertyDescriptor,p=Object.getPrototypeOf,m=Object.prototype;function h(e,t,n){if(typeof t!=`string`){if(m){var r=p(t);r&&r!==m&&h(e,r,n)}var a=u(t);d&&(a=a.concat(d(t)));for(var o=c(e),s=c(t),g=0;g<a.length;++g){var _=a[g];if(!i[_]&&!(n&&n[_])&&!(s&&s[_])&&!(o&&o[_])){var v=f(t,_);try{l(e,_,v)}catch{}}}}return e}t.exports=h})),k=e(ie());O();var ce=function(e,t){var n=arguments;if(t==null||!h.call(t,`css`))return k.createElement.apply(void 0,n);var r=n.length,i=Array(r);i[0]=b,i[1]=m(e,t);for(var a=2;a<r;a++)i[a]=n[a];return k.createElement.apply(null,i)};(function(e){var t;t||=e.JSX||={}})(ce||={});var le=C(function(e,t){var n=e.styles,r=_([n],void 0,k.useContext(E)),i=k.useRef();return S(function(){var e=t.key+`-global`,n=new t.sheet.constructor({key:e,nonce:t.sheet.nonce,container:t.sheet.container,speedy:t.sheet.isSpeedy}),a=!1,o=document.querySelector(`style[data-emotion="`+e+` `+r.name+`"]`);return t.sheet.tags.length&&(n.before=t.sheet.tags[0]),o!==null&&(a=!0,o.setAttribute(`data-emotion`,e),n.hydrate([o])),i.current=[n,a],function(){n.flush()}},[t]),S(function(){var e=i.current,n=e[0];e[1]?e[1]=!1:(r.next!==void 0&&g(t,r.next,!0),n.tags.length&&(n.before=n.tags[n.tags.length-1].nextElementSibling,n.flush()),t.insert(``,r,n,!1))},[t,r.name]),null});function A(){return _([...arguments])}function j(){var e=A.apply(void 0,arguments),t=`animation-`+e.name;return{name:t,styles:`@keyframes `+t+`{`+e.styles+`}`,anim:1,toString:function(){return`_EMO_`+this.name+`_`+this.styles+`_EMO_`}}}var M=ae();function N(e={}){let{themeId:t,defaultTheme:r,defaultClassName:i=`MuiBox-root`,generateClassName:s}=e,c=l(`div`,{shouldForwardProp:e=>e!==`theme`&&e!==`sx`&&e!==`as`})(n);return k.forwardRef(function(e,n){let l=a(r),{className:u,component:d=`div`,...f}=e;return(0,M.jsx)(c,{as:d,ref:n,className:o(u,s?s(i):i),theme:t&&l[t]||l,...f})})}var P=0;function F(e){let[t,n]=k.useState(e),r=e||t;return k.useEffect(()=>{t??(P+=1,n(`mui-${P}`))},[t]),r}var I={...k}.useId;function ue(e){if(I!==void 0){let t=I();return e??t}return F(e)}function L(e){return typeof e.main==`string`}function de(e,t=[]){if(!L(e))return!1;for(let n of t)if(!e.hasOwnProperty(n)||typeof e[n]!=`string`)return!1;return!0}function R(e=[]){return([,t])=>t&&de(t,e)}var z=ue,B=re;function V(e){try{return e.matches(`:focus-visible`)}catch{}return!1}function fe(e){let{focusableWhenDisabled:t,disabled:n,composite:r=!1,tabIndex:i=0,isNativeButton:a}=e,o=r&&t!==!1,s=r&&t===!1;return k.useMemo(()=>{let e={onKeyDown(e){n&&t&&e.key!==`Tab`&&e.preventDefault()}};return r||(e.tabIndex=i,!a&&n&&(e.tabIndex=t?i:-1)),(a&&(t||o)||!a&&n)&&(e[`aria-disabled`]=n),a&&(!t||s)&&(e.disabled=n),e},[r,n,t,o,s,a,i])}var pe={};function me(e){let{nativeButton:t,nativeButtonProp:n,internalNativeButton:r=t,allowInferredHostMismatch:i=!1,disabled:a,type:o,hasFormAction:s=!1,tabIndex:c=0,focusableWhenDisabled:l,stopEventPropagation:u=!1,onBeforeKeyDown:d,onBeforeKeyUp:f}=e,p=k.useRef(null),m=l===!0,h=fe({focusableWhenDisabled:m,disabled:a,isNativeButton:t,tabIndex:c}),g=k.useCallback(()=>{let e=p.current;return e==null?t:e.tagName===`BUTTON`||!!(e.tagName===`A`&&e.href)},[t]),_=k.useMemo(()=>{let e=m?{}:{tabIndex:a?-1:c};return t?(e.type=o===void 0&&!s?`button`:o,m||(e.disabled=a)):(e.role=`button`,!m&&a&&(e[`aria-disabled`]=a)),m?{...e,...h}:e},[a,m,h,s,t,c,o]);return{getButtonProps:k.useCallback((e=pe)=>{let{onClick:t,onKeyDown:n,onKeyUp:r,...i}=e,o=e=>{u&&e.stopPropagation(),a?e.preventDefault():t?.(e)},s=e=>{m&&h.onKeyDown(e),a||(d?.(e),n?.(e),e.target!==e.currentTarget||g()||(e.key===` `?e.preventDefault():e.key===`Enter`&&(e.preventDefault(),e.currentTarget.click())))},c=e=>{a||(f?.(e),r?.(e),e.target===e.currentTarget&&!g()&&e.key===` `&&!e.defaultPrevented&&e.currentTarget.click())};return{..._,...i,onClick:o,onKeyDown:s,onKeyUp:c}},[_,a,m,h,g,d,f,u]),rootRef:p}}var he=class e{ref={current:null};shouldMount=!1;mounted=null;didMount=!1;setShouldMount=null;static create(){return new e}static use(){let t=T(e.create).current,[n,r]=k.useState(!1);return t.shouldMount=n,t.setShouldMount=r,k.useEffect(t.mountEffect,[n]),t}mount(){return this.mounted||(this.mounted=H(),this.shouldMount=!0,this.setShouldMount(this.shouldMount)),this.mounted}mountEffect=()=>{this.shouldMount&&!this.didMount&&(this.ref.current!==null&&(this.didMount=!0),this.mounted.resolve())};start(...e){this.mount().then(()=>this.ref.current?.start(...e))}stop(...e){this.mount().then(()=>this.ref.current?.stop(...e))}pulsate(...e){this.mount().then(()=>this.ref.current?.pulsate(...e))}};function ge(){return he.use()}function H(){let e,t,n=new Promise((n,r)=>{e=n,t=r});return n.resolve=e,n.reject=t,n}var _e=[];function U(e){k.useEffect(e,_e)}var W=class e{static create(){return new e}currentId=null;start(e,t){this.clear(),this.currentId=setTimeout(()=>{this.currentId=null,t()},e)}clear=()=>{this.currentId!==null&&(clearTimeout(this.currentId),this.currentId=null)};disposeEffect=()=>this.clear};function G(){let e=T(W.create).current;return U(e.disposeEffect),e}function ve(e){let{className:t,classes:n,pulsate:r=!1,rippleX:i,rippleY:a,rippleSize:s,in:c,onExited:l,timeout:u}=e,[d,f]=k.useState(!1),p=G(),m=k.useRef(!1),h=k.useRef(l);h.current=l;let g=l!=null,_=o(t,n.ripple,n.rippleVisible,r&&n.ripplePulsate),v={width:s,height:s,top:-(s/2)+a,left:-(s/2)+i},y=o(n.child,d&&n.childLeaving,r&&n.childPulsate);return!c&&!d&&f(!0),k.useEffect(()=>{!c&&g?m.current||(m.current=!0,p.start(u,()=>{m.current=!1,h.current?.()})):(m.current=!1,p.clear())},[p,g,c,u]),(0,M.jsx)(`span`,{className:_,style:v,children:(0,M.jsx)(`span`,{className:y})})}var K=d(`MuiTouchRipple`,[`root`,`ripple`,`rippleVisible`,`ripplePulsate`,`child`,`childLeaving`,`childPulsate`]),q=550,J={},ye=[],be=()=>{};function Y(e,t){let n=new Set(t),r=new Map,i=[];for(let t of e)n.has(t)?i.length>0&&(r.set(t,i),i=[]):i.push(t);let a=[];for(let e of t){let t=r.get(e);t&&a.push(...t),a.push(e)}return a.push(...i),a}function xe({event:e,element:t,center:n}){let r=t?t.getBoundingClientRect():{width:0,height:0,left:0,top:0},i,a;if(n||e===void 0||e.clientX===0&&e.clientY===0||!e.clientX&&!e.touches)i=Math.round(r.width/2),a=Math.round(r.height/2);else{let{clientX:t,clientY:n}=e.touches&&e.touches.length>0?e.touches[0]:e;i=Math.round(t-r.left),a=Math.round(n-r.top)}let o;if(n)o=Math.sqrt((2*r.width**2+r.height**2)/3),o%2==0&&(o+=1);else{let e=Math.max(Math.abs((t?t.clientWidth:0)-i),i)*2+2,n=Math.max(Math.abs((t?t.clientHeight:0)-a),a)*2+2;o=Math.sqrt(e**2+n**2)}return{rippleX:i,rippleY:a,rippleSize:o}}var Se=j`
  0% {
    transform: scale(0);
    opacity: 0.1;
  }

  100% {
    transform: scale(1);
    opacity: 0.3;
  }
`,Ce=j`
  0% {
    opacity: 1;
  }

  100% {
    opacity: 0;
  }
`,we=j`
  0% {
    transform: scale(1);
  }

  50% {
    transform: scale(0.92);
  }

  100% {
    transform: scale(1);
  }
`;function X(e){if(e.motion.reducedMotion===`always`)return null;let t=A`
    &.${K.rippleVisible} {
      animation-name: ${Se};
      animation-duration: ${q}ms;
      animation-timing-function: ${e.transitions.easing.easeInOut};
    }

    &.${K.ripplePulsate} {
      animation-duration: ${e.transitions.duration.shorter}ms;
    }

    & .${K.childLeaving} {
      animation-name: ${Ce};
      animation-duration: ${q}ms;
      animation-timing-function: ${e.transitions.easing.easeInOut};
    }

    & .${K.childPulsate} {
      animation-name: ${we};
      animation-duration: 2500ms;
      animation-timing-function: ${e.transitions.easing.easeInOut};
      animation-iteration-count: infinite;
      animation-delay: 200ms;
    }
  `;return e.motion.reducedMotion===`system`?A`
      @media (prefers-reduced-motion: no-preference) {
        ${t}
      }
    `:t}var Te=u(`span`,{name:`MuiTouchRipple`,slot:`Root`})({overflow:`hidden`,pointerEvents:`none`,position:`absolute`,zIndex:0,top:0,right:0,bottom:0,left:0,borderRadius:`inherit`}),Ee=u(ve,{name:`MuiTouchRipple`,slot:`Ripple`})`
  opacity: 0;
  position: absolute;

  &.${K.rippleVisible} {
    opacity: 0.3;
    transform: scale(1);
  }

  /*
   * Order matters: 'child', 'childLeaving' and 'childPulsate' apply to the same
   * element with equal specificity, so the later rule wins. 'child' must come
   * before 'childLeaving' so the leaving 'opacity: 0' takes precedence. A focus
   * (pulsate) ripple keeps 'pulsateKeyframe' (no opacity animation) on exit, so
   * it relies on this static 'opacity: 0' to disappear on blur instead of
   * lingering until removal.
   */
  & .${K.child} {
    opacity: 1;
    display: block;
    width: 100%;
    height: 100%;
    border-radius: 50%;
    background-color: currentColor;
  }

  & .${K.childLeaving} {
    opacity: 0;
  }

  & .${K.childPulsate} {
    position: absolute;
    /* @noflip */
    left: 0px;
    top: 0;
  }

  ${({theme:e})=>X(e)}
`,De=k.forwardRef(function(e,t){let n=ne({props:e,name:`MuiTouchRipple`}),r=c(),i=ee(r.motion.reducedMotion,!1),{center:a=!1,classes:s=J,className:l,...u}=n,[d,f]=k.useState({items:ye,order:ye}),p=d.items,m=k.useRef(0),h=k.useRef(null),g=k.useRef(!1);U(()=>(g.current=!0,()=>{g.current=!1})),k.useEffect(()=>{h.current&&=(h.current(),null)},[p]);let _=k.useRef(!1),v=G(),y=k.useRef(null),b=k.useRef(null),x=B(e=>{g.current&&f(t=>{let n=t.items.filter(t=>t.key!==e);return{items:n,order:Y(t.order.filter(t=>t!==e),n.filter(e=>!e.exiting).map(e=>e.key))}})}),S=B(e=>{let{pulsate:t,rippleX:n,rippleY:r,rippleSize:i,cb:a}=e,o=m.current;m.current+=1,f(e=>{let a=[...e.items,{key:o,pulsate:t,rippleX:n,rippleY:r,rippleSize:i,exiting:!1}];return{items:a,order:Y(e.order,a.filter(e=>!e.exiting).map(e=>e.key))}}),h.current=a}),C=B((e=J,t=J,n=be)=>{let{pulsate:r=!1,center:i=a||t.pulsate,fakeElement:o=!1}=t;if(e?.type===`mousedown`&&_.current){_.current=!1;return}e?.type===`touchstart`&&(_.current=!0);let{rippleX:s,rippleY:c,rippleSize:l}=xe({event:e,element:o?null:b.current,center:i});e?.touches?y.current===null&&(y.current=()=>{S({pulsate:r,rippleX:s,rippleY:c,rippleSize:l,cb:n})},v.start(80,()=>{y.current&&=(y.current(),null)})):S({pulsate:r,rippleX:s,rippleY:c,rippleSize:l,cb:n})}),w=B(()=>{C(J,{pulsate:!0})}),T=B((e,t)=>{v.clear(),e?.type===`touchend`&&y.current?(y.current(),y.current=null,v.start(0,()=>{T(e,t)})):(y.current=null,f(e=>{let t=e.items.findIndex(e=>!e.exiting);if(t===-1)return e;let n=e.items.slice();return n[t]={...n[t],exiting:!0},{items:n,order:Y(e.order,n.filter(e=>!e.exiting).map(e=>e.key))}}),h.current=t)});k.useImperativeHandle(t,()=>({pulsate:w,start:C,stop:T}),[w,C,T]);let E=new Map(p.map(e=>[e.key,e])),te=d.order.map(e=>E.get(e)).filter(Boolean);return(0,M.jsx)(Te,{className:o(K.root,s.root,l),ref:b,...u,children:te.map(e=>(0,M.jsx)(Ee,{classes:{ripple:o(s.ripple,K.ripple),rippleVisible:o(s.rippleVisible,K.rippleVisible),ripplePulsate:o(s.ripplePulsate,K.ripplePulsate),child:o(s.child,K.child),childLeaving:o(s.childLeaving,K.childLeaving),childPulsate:o(s.childPulsate,K.childPulsate)},timeout:i.shouldReduceMotion?0:q,pulsate:e.pulsate,rippleX:e.rippleX,rippleY:e.rippleY,rippleSize:e.rippleSize,in:!e.exiting,onExited:()=>x(e.key)},e.key))})});function Oe(e){return r(`MuiButtonBase`,e)}var ke=d(`MuiButtonBase`,[`root`,`disabled`,`focusVisible`]),Ae=e=>{let{disabled:t,focusVisible:n,focusVisibleClassName:r,suppressFocusVisible:i,classes:a}=e,o=s({root:[`root`,t&&`disabled`,n&&!i&&`focusVisible`]},Oe,a);return n&&!i&&r&&(o.root+=` ${r}`),o},je=u(`button`,{name:`MuiButtonBase`,slot:`Root`})(f(({theme:e})=>({display:`inline-flex`,alignItems:`center`,justifyContent:`center`,position:`relative`,boxSizing:`border-box`,WebkitTapHighlightColor:`transparent`,backgroundColor:`transparent`,outline:0,border:0,margin:0,borderRadius:0,padding:0,cursor:`pointer`,userSelect:`none`,verticalAlign:`middle`,MozAppearance:`none`,WebkitAppearance:`none`,textDecoration:`none`,color:`inherit`,"&::-moz-focus-inner":{borderStyle:`none`},[`&.${ke.disabled}`]:{pointerEvents:`none`,cursor:`default`},"@media print":{colorAdjust:`exact`},variants:[{props:{internalDisabledThemeFocusVisible:!1},style:e.focusVisible&&{...i,[`&.${ke.focusVisible}`]:e.focusVisible}}]}))),Me=k.forwardRef(function(e,t){let n=ne({props:e,name:`MuiButtonBase`}),{action:r,centerRipple:i=!1,children:a,className:s,component:c=`button`,disabled:l=!1,disableRipple:u=!1,disableTouchRipple:d=!1,focusRipple:f=!1,focusVisibleClassName:p,focusableWhenDisabled:m,suppressFocusVisible:h=!1,internalNativeButton:g,internalDisabledThemeFocusVisible:_=!1,LinkComponent:v=`a`,nativeButton:y,onBlur:b,onClick:x,onContextMenu:S,onDragLeave:ee,onFocus:C,onFocusVisible:w,onKeyDown:T,onKeyUp:E,onMouseDown:re,onMouseLeave:D,onMouseUp:ie,onTouchEnd:ae,onTouchMove:oe,onTouchStart:se,tabIndex:O=0,TouchRippleProps:ce,touchRippleRef:le,type:A,...j}=n,N=!!(j.href||j.to),P=!!j.formAction,F=c;F===`button`&&N&&(F=v);let I=typeof F==`string`?F===`button`:g??!1,ue=y??I,L=ge(),de=te(L.ref,le),[R,z]=k.useState(!1);(l||h)&&R&&z(!1);let fe=B(e=>{f&&!e.repeat&&R&&e.key===` `&&L.stop(e,()=>{L.start(e)})}),pe=B(e=>{f&&e.key===` `&&R&&!e.defaultPrevented&&L.stop(e,()=>{L.pulsate(e)})}),{getButtonProps:he,rootRef:H}=me({nativeButton:ue,nativeButtonProp:y,internalNativeButton:I,allowInferredHostMismatch:N||typeof F==`string`,disabled:l,type:A,hasFormAction:P,tabIndex:O,onBeforeKeyDown:fe,onBeforeKeyUp:pe}),{onClick:_e,onKeyDown:U,onKeyUp:W,...G}=he({onClick:x,onKeyDown:T,onKeyUp:E});k.useImperativeHandle(r,()=>({focusVisible:()=>{z(!0),H.current.focus()}}),[H]);let ve=L.shouldMount&&!u&&!l;k.useEffect(()=>{R&&f&&!u&&L.pulsate()},[u,f,R,L]);let K=Z(L,`start`,re,d),q=Z(L,`stop`,S,d),J=Z(L,`stop`,ee,d),ye=Z(L,`stop`,ie,d),be=Z(L,`stop`,e=>{R&&e.preventDefault(),D&&D(e)},d),Y=Z(L,`start`,se,d),xe=Z(L,`stop`,ae,d),Se=Z(L,`stop`,oe,d),Ce=Z(L,`stop`,e=>{V(e.target)||z(!1),b&&b(e)},!1),we=B(e=>{H.current||=e.currentTarget,!h&&V(e.target)&&(z(!0),w&&w(e)),C&&C(e)}),X={};N&&(X.tabIndex=l?-1:O,l&&(X[`aria-disabled`]=l),X.type=A);let Te=te(t,H),Ee={...n,centerRipple:i,component:c,disabled:l,disableRipple:u,disableTouchRipple:d,focusRipple:f,suppressFocusVisible:h,tabIndex:O,focusVisible:R,internalDisabledThemeFocusVisible:_},Oe=Ae(Ee);return(0,M.jsxs)(je,{as:F,className:o(Oe.root,s),ownerState:Ee,onBlur:Ce,onClick:_e,onContextMenu:q,onFocus:we,onKeyDown:U,onKeyUp:W,onMouseDown:K,onMouseLeave:be,onMouseUp:ye,onDragLeave:J,onTouchEnd:xe,onTouchMove:Se,onTouchStart:Y,ref:Te,...N?X:G,...j,children:[a,ve?(0,M.jsx)(De,{ref:de,center:i,...ce}):null]})});function Z(e,t,n,r=!1){return B(i=>(n&&n(i),r||e[t](i),!0))}function Ne(e){return r(`MuiCircularProgress`,e)}d(`MuiCircularProgress`,[`root`,`determinate`,`indeterminate`,`colorPrimary`,`colorSecondary`,`svg`,`track`,`circle`,`circleDisableShrink`]);var Q=44,Pe=j`
  0% {
    transform: rotate(0deg);
  }

  100% {
    transform: rotate(360deg);
  }
`,$=j`
  0% {
    stroke-dasharray: 1px, 200px;
    stroke-dashoffset: 0;
  }

  50% {
    stroke-dasharray: 100px, 200px;
    stroke-dashoffset: -15px;
  }

  100% {
    stroke-dasharray: 1px, 200px;
    stroke-dashoffset: -126px;
  }
`,Fe=typeof Pe==`string`?null:A`
        animation: ${Pe} 1.4s linear infinite;
      `,Ie=typeof $==`string`?null:A`
        animation: ${$} 1.4s ease-in-out infinite;
      `,Le=e=>{let{classes:t,variant:n,color:r,disableShrink:i}=e,a={root:[`root`,n,`color${D(r)}`],svg:[`svg`],track:[`track`],circle:[`circle`,i&&`circleDisableShrink`]};return s(a,Ne,t)},Re=u(`span`,{name:`MuiCircularProgress`,slot:`Root`,overridesResolver:(e,t)=>{let{ownerState:n}=e;return[t.root,t[n.variant],t[`color${D(n.color)}`]]}})(f(({theme:e})=>{let t=p(e,{animation:`none`});return{display:`inline-block`,variants:[{props:{variant:`determinate`},style:{...x(e,`transform`)}},{props:{variant:`indeterminate`},style:Fe||{animation:`${Pe} 1.4s linear infinite`}},...t?[{props:{variant:`indeterminate`},style:t}]:[],...Object.entries(e.palette).filter(R()).map(([t])=>({props:{color:t},style:{color:(e.vars||e).palette[t].main}}))]}})),ze=u(`svg`,{name:`MuiCircularProgress`,slot:`Svg`})({display:`block`}),Be=u(`circle`,{name:`MuiCircularProgress`,slot:`Circle`,overridesResolver:(e,t)=>{let{ownerState:n}=e;return[t.circle,n.disableShrink&&t.circleDisableShrink]}})(f(({theme:e})=>{let t=p(e,{animation:`none`});return{stroke:`currentColor`,variants:[{props:{variant:`determinate`},style:{...x(e,`stroke-dashoffset`)}},{props:{variant:`indeterminate`},style:{strokeDasharray:`80px, 200px`,strokeDashoffset:0}},{props:({ownerState:e})=>e.variant===`indeterminate`&&!e.disableShrink,style:Ie||{animation:`${$} 1.4s ease-in-out infinite`}},...t?[{props:({ownerState:e})=>e.variant===`indeterminate`&&!e.disableShrink,style:t}]:[]]}})),Ve=u(`circle`,{name:`MuiCircularProgress`,slot:`Track`})(f(({theme:e})=>({stroke:`currentColor`,opacity:(e.vars||e).palette.action.activatedOpacity}))),He=k.forwardRef(function(e,t){let n=ne({props:e,name:`MuiCircularProgress`}),{className:r,color:i=`primary`,disableShrink:a=!1,enableTrackSlot:s=!1,min:c,max:l,size:u=40,style:d,thickness:f=3.6,value:p=n.min??0,variant:m=`indeterminate`,...h}=n,g=c??0,_=l??100,v={...n,color:i,disableShrink:a,size:u,thickness:f,value:p,variant:m,enableTrackSlot:s},y=Le(v),b={},x={},S={};if(m===`determinate`){let e=2*Math.PI*((Q-f)/2),t=_-g;b.strokeDasharray=e.toFixed(3),b.strokeDashoffset=t>0?`${((_-p)/t*e).toFixed(3)}px`:`${e.toFixed(3)}px`,x.transform=`rotate(-90deg)`,S[`aria-valuenow`]=p,S[`aria-valuemin`]=g,S[`aria-valuemax`]=_}return(0,M.jsx)(Re,{className:o(y.root,r),style:{width:u,height:u,...x,...d},ownerState:v,ref:t,role:`progressbar`,...S,...h,children:(0,M.jsxs)(ze,{className:y.svg,ownerState:v,viewBox:`${Q/2} ${Q/2} ${Q} ${Q}`,children:[s?(0,M.jsx)(Ve,{className:y.track,ownerState:v,cx:Q,cy:Q,r:(Q-f)/2,fill:`none`,strokeWidth:f,"aria-hidden":`true`}):null,(0,M.jsx)(Be,{className:y.circle,style:b,ownerState:v,cx:Q,cy:Q,r:(Q-f)/2,fill:`none`,strokeWidth:f})]})})}),Ue=d(`MuiBox`,[`root`]),We=v(),Ge=N({themeId:y,defaultTheme:We,defaultClassName:Ue.root,generateClassName:w.generate});export{W as a,B as c,ue as d,le as f,ke as i,z as l,j as m,He as n,G as o,A as p,Me as r,V as s,Ge as t,R as u};